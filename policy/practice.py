"""Practice of the bureau that calls for an official's eye, never for a refusal (POLICY, Practice)."""

# A labour contract that begins later than this after the training is flagged.
LATE_CONTRACT_MONTHS = 12
