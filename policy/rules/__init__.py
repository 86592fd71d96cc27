"""The pure core: what the policy says, as functions of frozen inputs and frozen terms.

No Django, no database, no clock, no files. Every amount is a `Decimal`; USD and RMB never mix in one name. Each result
carries the reasons for it and a trace of steps, each with its numbers and the clause that it applies.
"""
