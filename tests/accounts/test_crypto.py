"""Personal fields at rest: what is encrypted in bulk is what is encrypted one by one."""

import pytest
from cryptography.fernet import Fernet, InvalidToken

from accounts import crypto


def test_many_are_encrypted_by_the_newest_key_and_no_two_alike(settings):
    newest, older = Fernet.generate_key().decode(), settings.FIELD_ENCRYPTION_KEYS[0]
    settings.FIELD_ENCRYPTION_KEYS = [newest, older]
    texts = ["360102199302150011", "", "H12345678", "示例" * 9] * 6
    tokens = list(crypto.encrypt_all(texts))
    assert [crypto.decrypt(token) for token in tokens] == texts
    assert all(map(crypto.is_current, tokens)) and len(set(tokens)) == len(tokens)
    with pytest.raises(InvalidToken):
        Fernet(older).decrypt(tokens[0])
    assert list(crypto.encrypt_all([])) == []
