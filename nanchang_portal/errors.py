from django.shortcuts import render


def csrf_failure(request, reason=""):
    """A form whose token is too old: say so, and keep the person on the site."""
    return render(request, "403_csrf.html", status=403)
