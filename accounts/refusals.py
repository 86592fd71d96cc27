"""What every room's refusal carries."""


class Refusal(Exception):
    """A step that may not be taken now. `code` is stable; `message` tells the person why and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
