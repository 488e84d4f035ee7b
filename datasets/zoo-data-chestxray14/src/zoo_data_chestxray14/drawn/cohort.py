"""Who is examined how often, what they have, and what the reader says of it; nothing here knows of pixels."""

from dataclasses import dataclass

import numpy as np

from zoo_data_chestxray14.drawn.labelling import FREQUENCY, LEAST_SEVERITY, label_probability
from zoo_data_chestxray14.findings import FINDINGS

N_FINDINGS = len(FINDINGS)
N_HABITUS = 16
N_PLACE = 3
CHILD_SHARE = 0.08
AP_SHARE = 0.4
PERSISTENCE = 0.7
"""Share of a patient's images that show a finding just as the patient has it; the others are as a stranger's."""

_FREQUENCY = np.array([FREQUENCY[name] for name in FINDINGS])


@dataclass(frozen=True)
class CohortPlan:
    """What decides who is drawn and how they are labelled.

    Attributes:
        seed: of everything.
        n_patients: patient 0 is the same for every number of patients.
        max_images_per_patient: each has from one to this many, equally often.
        view_shortcut: share of the images whose view follows the label of `shortcut_finding`.
        shortcut_finding: index of the finding that the view then predicts.
        label_noise: share of the labels that are flipped.
    """

    seed: int
    n_patients: int
    max_images_per_patient: int
    view_shortcut: float
    shortcut_finding: int
    label_noise: float


@dataclass(frozen=True)
class Patient:
    """One person, the same in all their images.

    Attributes:
        number: from 0.
        n_images: how often they are examined.
        sex: `F` or `M`.
        age: at the first image, years.
        severity: (finding,), 0 where the finding is absent.
        habitus: (N_HABITUS,) uniform numbers from which the body is shaped.
        place: (finding, N_PLACE) uniform numbers from which a finding's place is chosen.
    """

    number: int
    n_images: int
    sex: str
    age: int
    severity: np.ndarray
    habitus: np.ndarray
    place: np.ndarray


@dataclass(frozen=True)
class Examination:
    """One image of a patient, before it is drawn.

    Attributes:
        patient: whose.
        number: from 0 among the patient's images.
        view_position: `PA` or `AP`.
        severity: (finding,), 0 to 1.
        label: (finding,), 0 or 1: what the reader says.
    """

    patient: Patient
    number: int
    view_position: str
    severity: np.ndarray
    label: np.ndarray

    @property
    def age(self) -> int:
        """Years; one passes between two images."""
        return self.patient.age + self.number

    @property
    def example_id(self) -> str:
        """Unique among the cohort."""
        return f"{self.patient_id}_{self.number:03d}"

    @property
    def patient_id(self) -> str:
        """The same for all images of a patient."""
        return f"drawn{self.patient.number:06d}"


def examinations(plan: CohortPlan) -> list[Examination]:
    """Every image of every patient, in order of patients; the same for the same plan."""
    patients = (draw_patient(plan, number) for number in range(plan.n_patients))
    return [_examine(plan, patient, number) for patient in patients for number in range(patient.n_images)]


def draw_patient(plan: CohortPlan, number: int) -> Patient:
    """The patient with this number."""
    rng = stream(plan.seed, number)
    n_images = 1 + int(rng.random() * plan.max_images_per_patient)
    sex = "F" if rng.random() < 0.44 else "M"
    is_child, child_age, adult_age = rng.random(), rng.integers(1, 18), rng.normal(50, 16)
    age = int(child_age) if is_child < CHILD_SHARE else int(np.clip(adult_age, 18, 90))
    return Patient(
        number=number,
        n_images=n_images,
        sex=sex,
        age=age,
        severity=_severity(rng),
        habitus=rng.random(N_HABITUS),
        place=rng.random((N_FINDINGS, N_PLACE)),
    )


def stream(seed: int, *key: int) -> np.random.Generator:
    """Random numbers of their own for every key, whatever was drawn for others before."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _examine(plan: CohortPlan, patient: Patient, number: int) -> Examination:
    rng = stream(plan.seed, patient.number, number)
    # Everything is drawn whatever the settings: two plans that differ in one setting then differ in that alone.
    severity = np.where(rng.random(N_FINDINGS) < PERSISTENCE, patient.severity, _severity(rng))
    called = rng.random(N_FINDINGS) < label_probability(severity)
    label = called ^ (rng.random(N_FINDINGS) < plan.label_noise)
    is_ap, follows = rng.random() < AP_SHARE, rng.random() < plan.view_shortcut
    if follows:
        is_ap = bool(label[plan.shortcut_finding])
    return Examination(patient, number, "AP" if is_ap else "PA", severity, label.astype(np.int8))


def _severity(rng: np.random.Generator) -> np.ndarray:
    present = rng.random(N_FINDINGS) < _FREQUENCY
    return np.where(present, LEAST_SEVERITY + (1 - LEAST_SEVERITY) * rng.random(N_FINDINGS), 0.0)
