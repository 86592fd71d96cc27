"""The papers of a claim, for the file and the seal: pages to print from the browser, and the same pages as PDF."""
