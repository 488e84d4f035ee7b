"""The checks of a precision."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from zoo_core.contract import DataError, Load, PrecisionBackend, SupportsConversion, SupportsTraining
from zoo_core.evaluation.conversion import compare_conversion
from zoo_core.evaluation.draws import Draws
from zoo_core.evaluation.gate import PASSED, Limits
from zoo_core.testing.checks import Checks
from zoo_core.testing.drawn_networks import JUDGED_ON, METRICS, Asked, DrawnNetwork, drawn_network
from zoo_core.testing.fresh_process import BATCH_SIZE, outputs_in_a_fresh_process, outputs_of
from zoo_core.testing.promises import broken, one_line, said, working

MOST_LOST = 0.01
"""Of the mean metric, at the worse end of its interval: the networks are small, and 8 bits show."""

DRAWS = Draws(200)
TOLERANCE = 1e-4
"""Of outputs, of the same arithmetic in another order."""

N_IMAGES = 12
N_STREAMS = 2


@dataclass(frozen=True)
class Written:
    """A drawn network as a precision loads it.

    Attributes:
        drawn: the network, in float32.
        folder: that the precision loads.
        how: what `convert` gave; None of a precision that does not convert.
    """

    drawn: DrawnNetwork
    folder: Path
    how: Mapping[str, Any] | None


Write = Callable[[Asked], Written]


class PrecisionBackendTests(Checks):
    """What every precision keeps; subclass it and override `backend`.

        class TestMyPrecision(PrecisionBackendTests):
            @pytest.fixture(scope="class")
            @classmethod
            def backend(cls):
                return MyPrecision(MyPrecisionConfig())

    Two networks of a few layers are trained, converted where the precision converts, and judged as `zoo quantize` does.
    """

    kind: ClassVar[str] = "precision"

    @pytest.fixture(scope="class")
    @classmethod
    def backend(cls) -> PrecisionBackend:
        """The precision."""
        raise NotImplementedError("override the fixture 'backend': return the precision")

    @pytest.fixture(scope="class")
    @classmethod
    def written(cls, backend: PrecisionBackend, tmp_path_factory: pytest.TempPathFactory) -> Write:
        """Gives a drawn network as the precision loads it; each is written once."""
        if reason := backend.unavailable():
            pytest.skip(f"it is unavailable: {one_line(str(reason))}")
        made: dict[Asked, Written] = {}

        def write(asked: Asked) -> Written:
            if asked not in made:
                made[asked] = _write(backend, drawn_network(asked), tmp_path_factory.mktemp(asked))
            return made[asked]

        return write

    def test_it_has_the_members_of_a_precision_backend(self, backend: PrecisionBackend) -> None:
        """Every member of the protocol is there and can be called as the contract says."""
        self.keep_the_contract(backend)

    def test_it_says_what_it_promises(self, backend: PrecisionBackend) -> None:
        """`promise` is a sentence, `instructions` are names of CPU flags."""
        if not isinstance(backend.promise, str) or not backend.promise.strip():
            broken("A precision says what its results keep of float32's", repr(backend.promise), "fill in promise")
        flags = backend.instructions
        if isinstance(flags, str) or not all(isinstance(flag, str) and flag == flag.lower() for flag in flags):
            broken("instructions are CPU flags as the system names them", repr(flags), "write ('avx512_vnni',)")

    def test_it_says_why_it_is_unavailable(self, backend: PrecisionBackend) -> None:
        """`unavailable` gives None, or one line that says what is missing and what to do; it never raises."""
        with working("unavailable() says why, and does not raise", "look for libraries with importlib.util.find_spec"):
            reason: Any = backend.unavailable()
        if reason is not None and (not isinstance(reason, str) or not reason.strip() or reason != one_line(reason)):
            broken("unavailable() gives None or one line", repr(reason), "say what is missing, and what to do")

    def test_networks_are_trained_in_a_policy_of_keras(self, backend: PrecisionBackend) -> None:
        """`policy` names a dtype policy that keeps variables in float32."""
        if not isinstance(backend, SupportsTraining):
            pytest.skip("networks are not trained in it")
        import keras

        with working("policy() names a dtype policy of Keras", "such as 'mixed_bfloat16'"):
            policy = keras.dtype_policies.get(backend.policy())
        if policy.variable_dtype != "float32":
            broken("Variables are trained in float32", policy.variable_dtype, "choose a mixed policy")

    def test_labels_are_predicted_within_its_promise(self, backend: PrecisionBackend, written: Write) -> None:
        """A network of three labels loses no more than the gate of `zoo quantize` allows."""
        _refuse_loss(backend, written("labels"))

    def test_classes_are_predicted_within_its_promise(self, backend: PrecisionBackend, written: Write) -> None:
        """A network of three classes loses no more than the gate of `zoo quantize` allows."""
        _refuse_loss(backend, written("classes"))

    def test_converting_changes_nothing_but_its_folder(self, backend: PrecisionBackend, written: Write) -> None:
        """`convert` leaves model and calibration as they are, and says in JSON's values how it was done."""
        if not isinstance(backend, SupportsConversion):
            pytest.skip("it loads networks as they were trained")
        one = written("labels")
        if not any(one.folder.iterdir()):
            broken("convert() writes a network to its folder", "an empty folder", "write what load() reads")
        with working("convert() gives values of JSON", "give texts, numbers, lists and dictionaries"):
            json.dumps(dict(one.how or {}))

    @pytest.mark.usefixtures("written")
    def test_a_network_that_is_not_there_is_refused(self, backend: PrecisionBackend, tmp_path: Path) -> None:
        """`load` of a folder without a network raises DataError."""
        try:
            backend.load(tmp_path, Load())
        except DataError:
            return
        except Exception as error:  # noqa: BLE001 - a stranger's precision may raise anything
            broken("load() of an empty folder raises DataError", said(error), "look for the files first")
        broken("load() of an empty folder raises DataError", "a network", "look for the files first")

    def test_outputs_do_not_depend_on_batch_mates(self, backend: PrecisionBackend, written: Write) -> None:
        """An image gives the same alone, among others, and in a batch that is not full."""
        one = written("labels")
        images = one.drawn.images[:N_IMAGES]
        network = backend.load(one.folder, Load(BATCH_SIZE))
        alone = np.concatenate([network.outputs(image[np.newaxis]) for image in images])
        if reason := far(outputs_of(backend, one.folder, images), alone):
            broken("Outputs of an image do not depend on its batch-mates", reason, "fix the ranges of numbers")

    def test_several_calls_at_a_time_give_the_same(self, backend: PrecisionBackend, written: Write) -> None:
        """A network that is loaded for two streams is called from two threads."""
        one = written("labels")
        images = [one.drawn.images[i : i + 1] for i in range(N_IMAGES)] * 4
        network = backend.load(one.folder, Load(1, N_STREAMS))
        with ThreadPoolExecutor(N_STREAMS) as pool, working("Two threads call a network", "give each call its buffers"):
            found = np.concatenate(list(pool.map(lambda image: np.array(network.outputs(image)), images)))
        if reason := far(np.concatenate([network.outputs(image) for image in images]), found):
            broken("Two threads at a time get what one gets", reason, "give each call its own buffers")

    def test_a_fresh_process_gives_the_same(self, backend: PrecisionBackend, written: Write) -> None:
        """What is in the folder is all of the network."""
        one = written("labels")
        images = one.drawn.images[:N_IMAGES]
        with working("A fresh process loads the network", "write all to the folder; a precision can be pickled"):
            found = outputs_in_a_fresh_process(backend, one.folder, images)
        if reason := far(outputs_of(backend, one.folder, images), found):
            broken("A fresh process gives the same outputs", reason, "write all to the folder")


def far(one: np.ndarray, other: np.ndarray) -> str | None:
    """How far outputs are apart, in words; None where the order of sums explains it."""
    if one.shape != other.shape:
        return f"shapes {one.shape} and {other.shape}"
    largest, allowed = float(np.abs(one - other).max()), TOLERANCE * max(1.0, float(np.abs(one).max()))
    return None if largest <= allowed else f"values up to {largest:.3g} apart"


def _write(backend: PrecisionBackend, drawn: DrawnNetwork, folder: Path) -> Written:
    from zoo_core.models.assembly import save_model

    if not isinstance(backend, SupportsConversion):
        save_model(drawn.model, folder / "model.keras")
        return Written(drawn, folder, None)
    weights, calibration = [np.array(one) for one in drawn.model.get_weights()], drawn.calibration.copy()
    with working("convert() converts a small network", "see what it needs"):
        how = backend.convert(drawn.model, calibration, folder)
    unchanged = all(np.array_equal(a, b) for a, b in zip(weights, drawn.model.get_weights(), strict=True))
    if not unchanged or not np.array_equal(calibration, drawn.calibration):
        drawn.model.set_weights(weights)
        broken("convert() leaves model and calibration as they are", "others", "work on a copy")
    return Written(drawn, folder, how)


def _refuse_loss(backend: PrecisionBackend, one: Written) -> None:
    reference = np.asarray(one.drawn.model(one.drawn.images, training=False))
    found = outputs_of(backend, one.folder, one.drawn.images)
    if not isinstance(found, np.ndarray) or found.dtype != np.float32 or found.shape != reference.shape:
        came = f"{getattr(found, 'dtype', type(found).__name__)} {getattr(found, 'shape', '')}"
        broken(f"A network gives float32 {reference.shape}", came, "mend outputs()")
    limits = Limits(METRICS[one.drawn.asked], mean=MOST_LOST, label=MOST_LOST)
    in_float32, lower = (one.drawn.predictions(outputs) for outputs in (reference, found))
    verdict = compare_conversion(in_float32, lower, JUDGED_ON, limits, DRAWS)
    if verdict["verdict"] != PASSED:
        promise = f"It keeps its promise on three {one.drawn.asked}: {backend.promise}"
        broken(promise, "; ".join(verdict["reasons"]), "keep more bits, or calibrate")
