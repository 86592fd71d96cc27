"""The demonstration data: fictional, deterministic, loaded once where settings.SAMPLE_DATA allows it.

Organisations carry 「示例」 and 「虚构」 in their names, bank references begin with SAMPLE, and no code or identity
number can be anybody's (`codes`). Everything goes through the portal's own services, so that constraints, audit and
ledger hold. The subjects are tables; `load` writes them in one transaction.
"""
