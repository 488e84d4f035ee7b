from zoo_core.report.shortcuts import oracle_verdicts, shortcut_verdicts


def result(model: list, baseline: list, difference: list | None = None) -> dict:
    metadata = {"auroc": baseline, "difference": {"auroc": difference}}
    return {"labels": {"Edema": {"auroc": model, "baselines": {"metadata": metadata}}}}


def judged(model: list, baseline: list) -> dict:
    return result(model, baseline)["labels"]


def guessed(model: list, baseline: list) -> list[str]:
    return [verdict.head for verdict in shortcut_verdicts(judged(model, baseline), "auroc", "metadata", "view alone")]


def test_a_finding_that_metadata_give_away_is_named_though_the_model_is_better():
    assert guessed([0.99, 0.98, 1.0], [0.97, 0.95, 0.98]) == ["Edema can largely be guessed from view alone."]


def test_half_of_the_way_from_chance_is_where_a_guess_begins_to_explain_a_model():
    assert guessed([1.0, 0.9, 1.0], [0.75, 0.6, 0.8])
    assert not guessed([1.0, 0.9, 1.0], [0.74, 0.6, 0.8])


def test_a_baseline_that_may_be_chance_gives_nothing_away():
    assert not guessed([0.6, 0.5, 0.7], [0.59, 0.49, 0.7])
    assert not guessed([0.6, None, None], [0.59, None, None])


def test_undefined_values_and_labels_without_the_baseline_are_passed_over():
    assert not guessed(None, [0.9, 0.8, 1.0])
    assert not guessed([0.9, 0.8, 1.0], None)
    assert not list(shortcut_verdicts(judged([0.9, 0.8, 1.0], [0.9, 0.8, 1.0]), "auroc", "other", "age alone"))


def test_a_model_better_than_the_best_reader_possible_reads_something_else():
    above = result([0.99, 0.98, 1.0], [0.96, 0.95, 0.97], [0.03, 0.01, 0.05])
    assert [verdict.level for verdict in oracle_verdicts(above, "metadata")] == ["warning"]
    for difference in ([0.03, -0.01, 0.05], [0.03, None, None], None):
        assert not list(oracle_verdicts(result([0.99, 0.98, 1.0], [0.96, 0.95, 0.97], difference), "metadata"))


def test_a_guess_of_classes_or_values_begins_elsewhere():
    def heads(metric: str, baseline: float, more: dict) -> list[str]:
        own = {metric: [baseline, baseline - 0.01, baseline + 0.01]}
        one = {metric: [0.9, 0.8, 1.0], "baselines": {"border": own}, **more}
        return [v.head for v in shortcut_verdicts({"disease": one}, metric, "border", "the border alone")]

    four = {"names": ["a", "b", "c", "d"]}
    assert heads("macro_f1", 0.6, four) == ["disease can largely be guessed from the border alone."]
    assert not heads("macro_f1", 0.55, four)
    assert heads("r2", 0.5, {})
    assert not heads("r2", 0.4, {})
