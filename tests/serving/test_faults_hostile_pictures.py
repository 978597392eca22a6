"""Pictures that are dear to decode: whoever sends them waits for himself, and nobody else does for long."""

import io
from pathlib import Path

from PIL import Image

from photochrom_contract.v1 import colorizer_pb2
from tests.serving.conftest import connected, serving
from tests.serving.test_tokens import add, bearer

_HOSTILE = 10
_SIDE = 2500  # 6 megapixels in a few kilobytes


def picture(side: int) -> colorizer_pb2.ColorizePhotoRequest:
    """A white square."""
    file = io.BytesIO()
    Image.new("L", (side, side), 255).save(file, "PNG")
    return colorizer_pb2.ColorizePhotoRequest(photo=file.getvalue())


def test_a_small_picture_gets_its_turn_among_another_callers_large_ones(
    model_repository: Path, tmp_path: Path
) -> None:
    file = tmp_path / "tokens"
    hostile, kind = add(file, "hostile"), add(file, "kind")
    flags = ("--tokens", str(file), "--photo-workers", "1", "--photo-limit", "16")
    with serving(model_repository, *flags) as server, connected(server.target) as stub:
        large = picture(_SIDE)
        calls = [stub.ColorizePhoto.future(large, metadata=bearer(hostile)) for _ in range(_HOSTILE)]
        answer = stub.ColorizePhoto(picture(32), metadata=bearer(kind))
        waiting = sum(not call.done() for call in calls)
        assert Image.open(io.BytesIO(answer.photo)).size == (32, 32)
        for call in calls:
            call.cancel()
    # Decoding and encoding are a turn each, and before each of its own the small one waits for one of theirs.
    assert waiting >= _HOSTILE - 4
