"""Decision letters: what they say, their code and signature, their PDF."""
