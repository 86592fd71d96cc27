"""Personal fields at rest: what is encrypted in bulk is what is encrypted one by one."""

import base64

import pytest
from cryptography.fernet import Fernet, InvalidToken
from hypothesis import given
from hypothesis import strategies as st

from accounts import crypto


@given(st.lists(st.text(max_size=70), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_tokens_made_together_are_those_that_fernet_makes(texts, chance):
    key, now, random = Fernet.generate_key(), 1_500_000_000, chance.randbytes(16 * len(texts))
    raw, plain = base64.urlsafe_b64decode(key), [text.encode() for text in texts]
    one_by_one = [
        Fernet(key)._encrypt_from_parts(text, now, random[16 * n : 16 * n + 16])
        for n, text in enumerate(plain)
    ]
    assert crypto._tokens(raw[:16], raw[16:], plain, now, random) == one_by_one


def test_many_are_encrypted_by_the_newest_key_and_no_two_alike(settings):
    newest, older = Fernet.generate_key().decode(), settings.FIELD_ENCRYPTION_KEYS[0]
    settings.FIELD_ENCRYPTION_KEYS = [newest, older]
    texts = ["360102199302150011", "", "H12345678", "示例" * 9] * 600
    tokens = list(crypto.encrypt_all(texts))
    assert [crypto.decrypt(token) for token in tokens] == texts
    assert all(map(crypto.is_current, tokens)) and len(set(tokens)) == len(tokens)
    with pytest.raises(InvalidToken):
        Fernet(older).decrypt(tokens[0])
    assert list(crypto.encrypt_all([])) == []
