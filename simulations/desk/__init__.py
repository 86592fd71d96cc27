"""Simulations on the officials' desk: asking, progress, the result page, the workbook."""
