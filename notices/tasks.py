from celery import shared_task

from notices.services import letters


@shared_task(name="notices.draw_letter")
def draw_letter(letter_id: int) -> None:
    letters.draw(letter_id)


@shared_task(name="notices.sweep")
def sweep() -> None:
    """Send again what the broker lost; beat calls this every few seconds."""
    for letter_id in letters.take_due(limit=100):
        draw_letter.delay(letter_id)
