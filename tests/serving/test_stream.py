"""ColorizeStream: many planes on one call, answered in order."""

import queue

import grpc

from tests.serving.conftest import Stub, assert_answers, lightness, refusal, request


def test_answers_come_in_the_order_of_the_requests_whatever_their_sizes(stub: Stub) -> None:
    planes = [lightness((32, 64)[seed % 3 == 0], seed) for seed in range(50)]  # more than the window
    responses = list(stub.ColorizeStream(map(request, planes)))
    assert len(responses) == len(planes)
    for plane, response in zip(planes, responses, strict=True):
        assert_answers(response, plane)


def test_a_stream_without_requests_has_no_answers(stub: Stub) -> None:
    assert list(stub.ColorizeStream(iter(()))) == []


def test_an_answer_does_not_wait_for_the_next_request(stub: Stub) -> None:
    requests: queue.SimpleQueue[object] = queue.SimpleQueue()
    responses = stub.ColorizeStream(iter(requests.get, None))
    for seed in range(3):
        plane = lightness(32, seed)
        requests.put(request(plane))
        assert_answers(next(responses), plane)
    requests.put(None)
    assert list(responses) == []


def test_the_first_request_that_fails_ends_the_stream_and_the_answers_before_it_stand(stub: Stub) -> None:
    good = lightness(32)
    responses = stub.ColorizeStream(map(request, [good, good, lightness(40), good]))
    assert_answers(next(responses), good)
    assert_answers(next(responses), good)
    code, message, _ = refusal(lambda: next(responses))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert "is 40 x 40" in message
