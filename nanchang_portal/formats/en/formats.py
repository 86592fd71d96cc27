"""English dates as UI texts have them: 1 Jul 2015, where Django's lists would say July 1, 2015."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i"
TIME_FORMAT = "H:i"
