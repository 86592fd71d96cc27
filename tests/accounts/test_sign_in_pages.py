"""The pages that lead in: what a person reads and meets by Tab."""

import re

from django.urls import reverse


def test_the_sign_in_form_names_its_field_and_leads_from_name_to_password(client, db):
    client.cookies["language"] = "en"
    page = client.get(reverse("account_login")).content.decode()
    assert re.search(r"<label[^>]*for=\"id_login\"[^>]*>\s*Username or email\s*</label>", page)
    assert "placeholder" not in page
    between = page[page.index('id="id_login"') : page.index('id="id_password"')]
    assert "<a " not in between, "a link between the two fields takes the keys meant for the password"
    assert reverse("account_reset_password") in page


def test_the_sign_up_form_says_each_label_once(client, db):
    assert "placeholder" not in client.get(reverse("account_signup")).content.decode()
