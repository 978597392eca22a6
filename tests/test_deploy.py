"""What the image and the compose file promise; `make deploy-test` proves it with containers."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from photochrom_serving.settings import ENV_PREFIX, Settings

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "serving" / "Dockerfile").read_text("utf-8")
RESET = "!reset"


class _Loader(yaml.SafeLoader):
    """YAML with compose's tag for what an override file takes away."""


_Loader.add_constructor(RESET, lambda loader, node: RESET)


def service(name: str) -> dict[str, Any]:
    document = yaml.load((ROOT / name).read_text("utf-8"), _Loader)
    found: dict[str, Any] = document["services"]["photochrom"]
    return found


def instructions(stage: str) -> list[str]:
    """A stage's instructions, those of the stages it builds on included, one a line."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    stages = {}
    for block in re.split(r"^(?=FROM )", text, flags=re.MULTILINE)[1:]:
        head, *rest = block.strip().splitlines()
        _, base, *alias = head.split()
        stages[alias[-1] if alias else "final"] = (base, rest)
    base, rest = stages[stage]
    return [*(instructions(base) if base in stages else []), *rest]


def environment(variant: str) -> dict[str, str]:
    lines = [line for line in instructions(f"runtime-{variant}") if line.startswith("ENV ")]
    return dict(word.split("=", 1) for line in lines for word in shlex.split(line)[1:])


def test_a_gpu_is_reserved() -> None:
    (device,) = service("docker-compose.yml")["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    assert service("docker-compose.yml")["build"]["args"]["VARIANT"] == "gpu"


def test_the_cpu_file_takes_the_gpu_away_and_nothing_else() -> None:
    override = service("docker-compose.cpu.yml")
    assert override == {"image": "photochrom:cpu", "build": {"args": {"VARIANT": "cpu"}}, "deploy": RESET}


def test_the_container_may_do_little() -> None:
    photochrom = service("docker-compose.yml")
    assert photochrom["read_only"] is True
    assert photochrom["tmpfs"] == ["/tmp"]
    assert photochrom["cap_drop"] == ["ALL"]
    assert photochrom["security_opt"] == ["no-new-privileges"]
    assert "privileged" not in photochrom


def test_calls_in_flight_may_end_before_the_container_is_killed() -> None:
    grace = float(service("docker-compose.yml")["stop_grace_period"].removesuffix("s"))
    assert grace > Settings.model_fields["drain_seconds"].default + 20  # what serving/README.md adds


def test_the_log_does_not_fill_the_disk() -> None:
    logging = service("docker-compose.yml")["logging"]
    assert logging["driver"] == "json-file"  # which podman takes too
    assert set(logging["options"]) == {"max-size", "max-file"}


def test_what_a_setting_switches_on_is_in_the_image() -> None:
    (install,) = [line for line in instructions("build") if "pip --python" in line]
    assert '"./serving[${VARIANT},tracing]"' in install


def test_the_published_port_is_the_servers() -> None:
    port = Settings.model_fields["port"].default
    assert [entry.rpartition(":")[2] for entry in service("docker-compose.yml")["ports"]] == [str(port)]
    assert f"EXPOSE {port} {environment('cpu')['PHOTOCHROM_METRICS_PORT']}" in instructions("runtime")
    assert f"localhost:{port}" in service("docker-compose.yml")["healthcheck"]["test"]


@pytest.mark.parametrize(("variant", "provider"), [("cpu", "cpu"), ("gpu", "cuda")])
def test_the_images_settings_are_the_servers(variant: str, provider: str) -> None:
    ours = {
        name.removeprefix(ENV_PREFIX).lower(): value
        for name, value in environment(variant).items()
        if name.startswith(ENV_PREFIX)
    }
    metrics = {"metrics_host": "0.0.0.0", "metrics_port": "8502"}
    assert ours == {"host": "0.0.0.0", "models": "/models", "providers": provider, **metrics}
    Settings.model_validate(ours)
    assert set(ours) <= set(Settings.model_fields)


def test_the_image_runs_as_nobody_of_note_and_builds_nothing() -> None:
    final = instructions("runtime")
    (user,) = [line for line in final if line.startswith("USER ")]
    assert re.fullmatch(r"USER [1-9]\d*:[1-9]\d*", user)
    (packages,) = [line for line in final if "apt-get install" in line]
    assert re.findall(r"--no-install-recommends (.*?) *&&", packages) == ["python3"]


def test_health_is_asked_the_same_way_by_image_and_compose() -> None:
    (line,) = [line for line in instructions("runtime") if line.startswith("HEALTHCHECK ")]
    check = service("docker-compose.yml")["healthcheck"]
    assert check["test"][0] == "CMD"
    command = ", ".join(f'"{word}"' for word in check["test"][1:])
    assert line.endswith(f"CMD [{command}]")
    for option in ("interval", "timeout", "start_period", "retries"):
        assert f"--{option.replace('_', '-')}={check[option]} " in line


def test_the_models_may_be_read_whatever_the_modes_of_the_checkout() -> None:
    lines = instructions("build")
    assert lines.index("RUN chmod --recursive a+rX /models") > lines.index("COPY models /models")
    assert "COPY --from=build /models /models" in instructions("runtime")


def test_what_is_copied_is_in_the_build_context() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    stages = [*instructions("build"), *instructions("runtime")]
    sources = [line.split()[1] for line in stages if line.startswith("COPY ") and "--from" not in line]
    assert len(sources) == 6
    assert all((ROOT / source).exists() and f"!{source}" in ignored for source in sources)
