"""What a cluster is told: parsed, held against Kubernetes's own schemas, and run.

There is no cluster here. The objects are validated by the schemas that Kubernetes
publishes; the chart's values are held against a list of the keys that it knows, because
a misspelt one would be refused by helm, or worse, ignored.
"""

import json
import shlex
from types import SimpleNamespace

import kubernetes_validate
import pytest
import yaml
from typer.testing import CliRunner

from autograder.cli import app
from autograder.errors import UserError
from autograder.hub.kubernetes import Images, manifests

COURSE = """\
id: fl101
title: 'Federated: "Lörning" {2026}'
time_zone: Europe/London
staff: {instructors: [Grace], assistants: [alan]}
hub: {memory: 3G, cpus: 1.5, idle: 30m}
labs:
  lab02_server_optimisers: {deadline: 2026-12-04 17:00}
  lab01_first_round: {deadline: 2026-11-20 17:00}
extensions:
  Ada: {lab01_first_round: +48h}
"""
STUDENTS = "id,name,email\nAda,Ada Lovelace,ada@example.org\nbob,Bob,b@example.org\n"
IMAGES = Images("registry.example.org/fl101", "2026.1")

# The keys of the chart's values.schema.yaml (chart 4) that we use. Below `...` the
# chart takes anything: Kubernetes's or JupyterHub's own words.
KNOWN = {
    "custom": ...,
    "cull": {"enabled", "timeout", "every"},
    "hub": {
        "config": ...,
        "services": ...,
        "loadRoles": ...,
        "extraConfig": ...,
        "concurrentSpawnLimit": {},
        "networkPolicy": {"ingress": ...},
    },
    "proxy": {"chp": {"networkPolicy": {"egress": ...}}},
    "singleuser": {
        "image": {"name", "tag"},
        "cmd": {},
        "defaultUrl": {},
        "startTimeout": {},
        "extraEnv": ...,
        "memory": {"guarantee", "limit"},
        "cpu": {"guarantee", "limit"},
        "storage": {"type", "capacity", "homeMountPath"},
        "allowPrivilegeEscalation": {},
        "networkPolicy": {
            "enabled": {},
            "egressAllowRules": {"cloudMetadataServer", "nonPrivateIPs", "privateIPs"},
        },
        "cloudMetadata": {"blockWithIptables", "ip"},
    },
    "scheduling": {
        "userScheduler": {"enabled"},
        "userPlaceholder": {"enabled", "replicas"},
    },
    "prePuller": {"continuous": {"enabled"}},
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    (folder / "course.yaml").write_text(COURSE, encoding="utf-8")
    (folder / "students.csv").write_text(STUDENTS)
    return folder


@pytest.fixture(scope="module")
def made(course):
    texts = manifests(course, IMAGES, workers=3)
    return {name: list(yaml.safe_load_all(text)) for name, text in texts.items()}


@pytest.fixture(scope="module")
def values(made):
    (values,) = made["values.yaml"]
    return values


def unknown(values, known, path=""):
    """Return the paths in `values` that `known` has not."""
    if known is ... or not isinstance(values, dict):
        return []
    inside = known if isinstance(known, dict) else dict.fromkeys(known, ...)
    return [
        wrong
        for key, value in values.items()
        for wrong in (
            unknown(value, inside[key], f"{path}.{key}")
            if key in inside
            else [f"{path}.{key}"]
        )
    ]


def pods(made):
    """Return every pod that we describe, with the name of its file."""
    found = []
    for name, objects in made.items():
        for thing in objects:
            if thing.get("kind") == "Deployment":
                found.append((name, thing["spec"]["template"]["spec"]))
            if thing.get("kind") == "RayJob":
                cluster = thing["spec"]["rayClusterSpec"]
                groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
                found += [(name, group["template"]["spec"]) for group in groups]
    return found


def test_there_is_a_file_for_everything(made):
    """One for the chart, one for each thing beside it, one to grade each lab."""
    assert sorted(made) == [
        "desk.yaml",
        "grade-lab01_first_round.yaml",
        "grade-lab02_server_optimisers.yaml",
        "ngshare.yaml",
        "values.yaml",
    ]


def test_the_chart_knows_every_key(values):
    """helm refuses what the chart's schema does not know."""
    assert unknown(values, KNOWN) == []


def test_kubernetes_accepts_every_object(made):
    """Strictly: a key that Kubernetes does not know is a fault."""
    for name, objects in made.items():
        for thing in objects:
            if name != "values.yaml" and thing["kind"] != "RayJob":
                kubernetes_validate.validate(thing, "1.33", strict=True)


def test_kubernetes_accepts_the_pods_of_a_ray_job(made):
    """Ray's own words aside, a Ray job is a list of pods."""
    for _, spec in pods(made):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
        kubernetes_validate.validate({**pod, "spec": spec}, "1.33", strict=True)


def test_a_misspelt_key_would_be_found(made):
    """The schemas are strict, or the tests above would say nothing."""
    (volume, *_) = made["desk.yaml"]
    wrong = {**volume, "spec": {**volume["spec"], "acessModes": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.33", strict=True)


def test_names_refer_to_what_is_there(made, values):
    """Services, their pods, volumes and the secrets that the chart makes."""
    objects = [thing for name in ("ngshare.yaml", "desk.yaml") for thing in made[name]]
    claims = {o["metadata"]["name"] for o in objects if "Claim" in o["kind"]}
    ports = {
        o["metadata"]["name"]: o["spec"]["ports"][0]["port"]
        for o in objects
        if o["kind"] == "Service"
    }
    for service, settings in values["hub"]["services"].items():
        assert settings["url"] == f"http://{service}:{ports[service]}"
    for _, spec in pods(made):
        volumes = {v["name"]: v for v in spec.get("volumes", [])}
        for volume in volumes.values():
            assert volume["persistentVolumeClaim"]["claimName"] in claims
        for container in spec["containers"]:
            mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
            assert mounted == set(volumes)
            for variable in container.get("env", []):
                secret = variable.get("valueFrom", {}).get("secretKeyRef")
                if secret:
                    _, _, service, _ = secret["key"].split(".")
                    assert service in values["hub"]["services"]


def test_course_yaml_decides(values):
    """Limits, staff, students, in the hub's spelling of names."""
    assert values["singleuser"]["memory"]["limit"] == "3072M"
    assert values["singleuser"]["cpu"]["limit"] == 1.5
    assert values["cull"]["timeout"] == 1800
    assert values["hub"]["config"]["Authenticator"] == {
        "admin_users": ["grace"],
        "allowed_users": ["ada", "bob"],
    }
    assert values["hub"]["loadRoles"]["staff"]["users"] == ["grace", "alan"]


def test_a_student_reaches_ngshare_and_not_the_desk(values):
    """What a role names is what its members' tokens open."""
    roles = values["hub"]["loadRoles"]
    assert "access:services!service=desk" not in [
        *roles["user"]["scopes"],
        *roles["server"]["scopes"],
    ]
    assert "access:services!service=ngshare" in roles["server"]["scopes"]


@pytest.mark.parametrize(("student", "due"), [("ada", "22T17"), ("bob", "20T17")])
def test_a_server_is_told_its_own_students_deadlines(values, monkeypatch, student, due):
    """The hub's piece of Python runs, and tells nobody about anybody else."""
    custom = values["custom"]
    fake = SimpleNamespace(get_config=lambda key, _: custom[key.split(".")[1]])
    monkeypatch.setitem(__import__("sys").modules, "z2jh", fake)
    c = SimpleNamespace(Spawner=SimpleNamespace())
    exec(values["hub"]["extraConfig"]["deadlines"], {"c": c})
    spawner = SimpleNamespace(user=SimpleNamespace(name=student), environment={})

    c.Spawner.pre_spawn_hook(spawner)

    told = json.loads(spawner.environment["COURSE_STANDING"])
    assert told["title"] == 'Federated: "Lörning" {2026}'
    assert [lab["lab"][:5] for lab in told["labs"]] == ["lab01", "lab02"]
    assert due in told["labs"][0]["own_deadline"]


def test_a_grading_job_runs_commands_that_there_are(made):
    """With options that there are: a job would say so only after an hour in a queue."""
    (job, _) = made["grade-lab01_first_round.yaml"]
    shell, flags, script = shlex.split(job["spec"]["entrypoint"])
    assert (shell, flags) == ("sh", "-ec")
    commands = [shlex.split(command) for command in script.split("&&")]

    assert [words[0] for words in commands] == ["nbgrader", "autograder", "autograder"]
    for _, *words in commands[1:]:
        result = CliRunner().invoke(app, [*words, "--help"])
        assert result.exit_code == 0, result.output


def test_no_pod_may_ask_kubernetes(made):
    """Neither staff's terminals nor submissions have a token of the cluster."""
    for _, spec in pods(made):
        assert spec["automountServiceAccountToken"] is False


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "with an id"), ("title: x\n", "with an id")],
)
def test_a_course_without_an_id_is_refused(tmp_path, text, sentence):
    """The id is the course's name in the exchange."""
    if text:
        (tmp_path / "course.yaml").write_text(text)
    with pytest.raises(UserError, match=sentence):
        manifests(tmp_path, IMAGES)


@pytest.mark.parametrize("registry", ["", "UPPER", "a b", "x/", "$(evil)"])
def test_a_registry_is_an_address(registry):
    """It ends up in every manifest."""
    with pytest.raises(UserError, match="expected a registry"):
        Images(registry, "1")
