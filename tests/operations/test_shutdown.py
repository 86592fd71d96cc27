"""SIGTERM ends what was begun: a request under way is answered, a task under way is done once."""

import signal
import socket
import time

from drills.clerk import Clerk
from drills.effects import judge
from drills.shape import Outcome


def test_a_request_under_way_is_answered_by_the_web_process_that_is_told_to_stop(portal):
    body = b"login=nobody&password=" + b"x" * 2000
    head = (
        f"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1:{portal.port}\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    before = portal.pid("web")
    with socket.create_connection(("127.0.0.1", portal.port), timeout=30) as connection:
        connection.sendall(head.encode() + body[:100])
        time.sleep(0.5)  # a worker has begun to read it
        portal.kill("web", signal.SIGTERM)
        time.sleep(1)
        connection.sendall(body[100:])
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 403 "), answer[:200]  # without a token, and answered
    portal.wait_ready("web", not_pid=before)


def test_a_worker_that_is_told_to_stop_ends_its_task_and_leaves_the_rest_to_the_next(portal):
    outcome, before = Outcome("shutdown"), portal.pid("worker")
    with Clerk(portal) as clerk:
        filed = [clerk.file() for _number in range(4)]
        portal.kill("worker", signal.SIGTERM)
        portal.wait_ready("worker", not_pid=before, seconds=90)
        found = judge(outcome, portal, filed)
    assert outcome.lost == outcome.doubled == outcome.leaked == []
    assert {case["attempts"] for case in found.values()} == {1}  # none was cut off and begun again
