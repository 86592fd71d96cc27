"""The officials' desk: the queue, the review page and passing several cases at once, inside Django's admin."""
