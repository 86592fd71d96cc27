"""Practice of the bureau that calls for an official's eye, never for a refusal (POLICY, Practice)."""

# A labour contract that begins later than this after the training is flagged.
LATE_CONTRACT_MONTHS = 12

# Days that a case may lie at one review stage before the desk marks it: soon due, late.
REVIEW_SOON_DAYS = 3
REVIEW_LATE_DAYS = 5

# The first year that a claim can be about: the first one of the 2013 policy.
FIRST_YEAR = 2013

# Years without the right to file that the undertaking names for fraud.
FRAUD_EXCLUSION_YEARS = 3
