"""The pipeline: one study in, all its results out, stage by stage."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from threadpoolctl import threadpool_limits

from omicsfuse.assessment import assess, cluster
from omicsfuse.assessment.outcome_aware import full_pipeline_permutation
from omicsfuse.assignment import save_classifier
from omicsfuse.biology import (
    TABLE_ONE_NOTES,
    alterations,
    associate,
    burden,
    table_one,
)
from omicsfuse.clustering import embed
from omicsfuse.core.checks.arguments import require, whole_number
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import (
    RunResults,
)
from omicsfuse.io.cohorts import read_cohort
from omicsfuse.io.gene_names import read_gene_table
from omicsfuse.io.manifest import Manifest
from omicsfuse.io.results import result_tables, run_record, write_table
from omicsfuse.io.table_one import write_table_one
from omicsfuse.pipeline.provenance import Clock, digest, input_hashes, recorded_warnings, versions
from omicsfuse.pipeline.stages_biology import explain_subtypes, find_markers, score_immune_context
from omicsfuse.pipeline.stages_core import (
    compare_endpoints,
    count_enrichment_exclusions,
    enrich_sets,
    fit_classifier,
    fuse_layers,
    outcome_pipeline,
    read_feature_groups,
    survival_tables,
    void_comparisons,
    warn_of_doubtful_survival,
)
from omicsfuse.pipeline.stages_imaging import index_heterogeneity, interpret_models, map_images
from omicsfuse.pipeline.stages_signatures import lock_signatures, verify_signatures
from omicsfuse.pipeline.study import (
    Study,
    prepared_layers,
    read_study,
    settings,
)
from omicsfuse.pipeline.study_checks import check_cohort, check_files
from omicsfuse.pipeline.workspace import Workspace
from omicsfuse.preprocessing import preprocess
from omicsfuse.report import write_report

#: Stages of a run, in order.
STAGES = (
    "read",
    "preprocess",
    "fuse",
    "cluster",
    "assess",
    "map",
    "survival",
    "clinical",
    "immune",
    "markers",
    "pathways",
    "radiogenomics",
    "heterogeneity",
    "interpret",
    "signature",
    "assign",
    "verify",
    "report",
)


def run(
    study: Study | str | Path,
    out: str | Path,
    *,
    seed: int | None = None,
    n_jobs: int = 1,
    resume: bool = False,
    progress: Callable[[str], None] | None = None,
) -> RunResults:
    """Run a study from tables to verified subtypes, and write its results.

    Parameters
    ----------
    study : Study, str or Path
        A study, or the path of a study file.
    out : str or Path
        Folder for the results: new, empty, or holding an earlier run, which is replaced when this
        one is done.
    seed : int, optional
        Seed in place of the study's.
    n_jobs : int
        Processes to use; results do not depend on it.
    resume : bool
        Take up the finished long stages of an interrupted run in the same folder.
    progress : callable, optional
        Called with the name of each stage (one of ``STAGES``) as it begins. If it has a method
        ``tasks(what, done, total)``, that is called as the repeated work of a stage goes on.

    Returns
    -------
    RunResults
        What was also written to ``out``.

    Raises
    ------
    StudyError, CohortError, SignatureError
        If the study or the data are at fault; nothing is written then.

    Examples
    --------
    >>> import tempfile
    >>> import omicsfuse as of
    >>> from omicsfuse.datasets import write_simulated_study
    >>> folder = Path(tempfile.mkdtemp())
    >>> study = write_simulated_study(of.simulate_cohort(60, n_external=0, effect=2), folder)
    >>> results = of.run(study, out=folder / "results")  # doctest: +SKIP
    """
    require(study, (Study, str, Path), "study")
    require(out, (str, Path), "out")
    n_jobs = whole_number(n_jobs, "n_jobs")
    study = study if isinstance(study, Study) else read_study(study)
    if seed is not None:
        study = study.model_copy(update={"seed": whole_number(seed, "seed", 0, 2**32 - 1)})
    clock = Clock(progress)
    # One thread for linear algebra: the last bits of a sum depend on how many share the work.
    with (
        Workspace(Path(out), study.name, resume) as workspace,
        recorded_warnings() as caught,
        threadpool_limits(limits=1),
    ):
        results = _stages(study, workspace, clock, n_jobs)
        results = replace(results, warnings=tuple(caught()))
        with clock("report"):
            for name, table in result_tables(results).items():
                write_table(table, workspace.staging / name)
            write_table_one(results.table_one, TABLE_ONE_NOTES, workspace.staging)
            write_report(results, workspace.staging)
        results = replace(
            results, provenance={**results.provenance, "seconds": dict(clock.seconds)}
        )
        workspace.publish(run_record(results))
    return results


def _stages(study: Study, workspace: Workspace, clock: Clock, n_jobs: int) -> RunResults:
    """Compute every stage in order; the signature is written before external tables are read."""
    base = study.path.parent if study.path else Path.cwd()
    with clock("read"):
        discovery, external, controls = check_files(study)
        cohort = read_cohort(discovery)
        check_cohort(study, cohort)
        files = [study.path] if study.path else []
        files += [study.discovery, *discovery.files(), *study.gene_sets]
        files += [*study.fusion.distances.values(), *study.subtypes.feature_groups.values()]
        files += [one.scores for one in study.signatures.values() if one.scores is not None]
        files += [*study.immune.sets.values(), *(one.scores for one in study.interpret.values())]
        optional = (study.gene_names, study.immune.signature_matrix)
        files += [path for path in optional if path is not None]
        inputs = input_hashes(base, files)
        fingerprint = digest({"inputs": inputs, "versions": versions()})
    asked = study.preprocess.n_features
    # Features chosen with the outcome are chosen later, out of those of a blind study.
    n_features = None if asked == "auto" or study.preprocess.select == "survival" else asked
    with clock("preprocess"):
        prepared = preprocess(cohort, prepared_layers(study, cohort), n_features=n_features)
    blind, aware = prepared, outcome_pipeline(study, cohort, prepared)
    if aware is not None:
        with clock("fuse"):
            prepared, fusion, subtypes = aware.subtypes(blind, survival_tables(study, cohort))
    else:
        with clock("fuse"):
            fusion = fuse_layers(study, cohort, prepared, n_jobs)
        with clock("cluster"):
            subtypes = cluster(
                fusion, study.subtypes.n_clusters, random_state=study.seed, n_jobs=n_jobs
            )
    with clock("assess"):
        assessment = workspace.remembered(
            fingerprint,
            assess,
            prepared,
            fusion,
            subtypes,
            budget=study.subtypes.budget,
            random_state=study.seed,
            feature_groups=read_feature_groups(study, cohort),
            n_jobs=n_jobs,
            how={
                "folder": workspace.tasks,
                "progress": getattr(clock.progress, "tasks", None),
            },
        )
    with clock("map"):
        embedding = workspace.remembered(
            fingerprint, embed, fusion, n_jobs=0, random_state=study.seed
        )
    with clock("survival"):
        survival = compare_endpoints(study, cohort, subtypes, n_jobs)
        if aware is not None:
            full = workspace.remembered(
                fingerprint,
                full_pipeline_permutation,
                blind,
                survival_tables(study, cohort),
                aware,
                study.survival.full_pipeline_permutations,
                n_jobs=n_jobs,
                how={
                    "how": {
                        "folder": workspace.tasks,
                        "progress": getattr(clock.progress, "tasks", None),
                    }
                },
            )
            survival = void_comparisons(survival, full)
    with clock("clinical"):
        clinical = associate(subtypes, cohort)
        altered_genes = alterations(subtypes, cohort)
        altered_share = burden(subtypes, cohort)
        first_table = table_one(subtypes, cohort, clinical)
    with clock("immune"):
        immune = score_immune_context(study, cohort, prepared, subtypes)
    with clock("markers"):
        markers, pairwise = find_markers(study, cohort, prepared, subtypes, immune)
    with clock("pathways"):
        enrichment = enrich_sets(study, cohort, prepared, subtypes, workspace, fingerprint)
        biology = explain_subtypes(study, cohort, prepared, subtypes, markers, pairwise, enrichment)
    with clock("radiogenomics"):
        radiogenomics = map_images(study, cohort, prepared, biology, immune, workspace, fingerprint)
    with clock("heterogeneity"):
        heterogeneity = index_heterogeneity(study, cohort, prepared, subtypes)
    with clock("interpret"):
        interpretations = interpret_models(study, cohort, prepared, subtypes, immune, n_jobs)
    exclusions = list(prepared.exclusions) + list(fusion.exclusions)
    for comparison in survival.values():
        exclusions += comparison.exclusions
    exclusions += count_enrichment_exclusions(study, cohort, prepared, subtypes)
    for part in (biology, immune, radiogenomics, heterogeneity, *interpretations.values()):
        exclusions += () if part is None else part.exclusions
    with clock("signature"):
        locked, without = lock_signatures(
            study, cohort, prepared, subtypes, workspace.staging, n_jobs
        )
        exclusions += without
    with clock("assign"):
        assignment = fit_classifier(study, cohort, subtypes, workspace, fingerprint, n_jobs)
        if assignment is not None and assignment.classifier is not None:
            save_classifier(assignment.classifier, workspace.staging / "classifier.json")
    signatures = {name: one.derived for name, one in locked.items()}
    if locked and (external or controls):
        with clock("verify"):
            opened = [read_cohort(manifest) for manifest in (*external, *controls)]
            others, negative = opened[: len(external)], opened[len(external) :]
            signatures = verify_signatures(study, locked, others, negative)
            for path, manifest in zip(
                (*study.external, *study.negative_controls), (*external, *controls), strict=True
            ):
                files += [path, *manifest.files()]
            inputs = input_hashes(base, files)
            exclusions += [
                replace(exclusion, layer=f"{other.name}: {exclusion.layer}")
                for other in opened
                for exclusion in other.exclusions
            ]
            for derived in signatures.values():
                if derived.verification is not None:
                    exclusions += derived.verification.exclusions
    own = signatures.get(study.name)
    provenance = {"versions": versions(), "seed": study.seed, "inputs": inputs, "seconds": {}}
    return RunResults(
        name=study.name,
        settings=settings(study),
        cohort=cohort,
        prepared=prepared,
        fusion=fusion,
        subtypes=subtypes,
        assessment=assessment,
        embedding=embedding,
        survival=survival,
        clinical=clinical,
        markers=markers,
        enrichment=enrichment,
        signature=own.signature if own else None,
        verification=own.verification if own else None,
        exclusions=tuple(exclusions),
        provenance=provenance,
        alterations=altered_genes,
        burden=altered_share,
        table_one=first_table,
        signatures=signatures,
        assignment=assignment,
        biology=biology,
        immune=immune,
        radiogenomics=radiogenomics,
        heterogeneity=heterogeneity,
        interpretations=interpretations,
    )


def check(study: Study | str | Path) -> tuple[Study, Cohort, list[Cohort], list[Manifest]]:
    """Read and check everything a study names, and compute nothing.

    Parameters
    ----------
    study : Study, str or Path
        A study, or the path of a study file.

    Returns
    -------
    study : Study
        The study as parsed.
    cohort : Cohort
        The discovery cohort.
    external : list of Cohort
        The external cohorts, then the negative controls.
    manifests : list of Manifest
        Manifests, the discovery cohort's first.

    Raises
    ------
    StudyError, CohortError
        If the study or the data are at fault.
    """
    from omicsfuse.fusion import precomputed_distances
    from omicsfuse.io.gmt import read_gmt
    from omicsfuse.io.tables import read_table

    study = study if isinstance(study, Study) else read_study(study)
    discovery, external, controls = check_files(study)
    cohort = read_cohort(discovery)
    check_cohort(study, cohort)
    for path in study.gene_sets:
        if not read_gmt(path):
            raise StudyError(f"{path} holds no gene set.")
    for layer, path in study.fusion.distances.items():
        precomputed_distances(read_table(path), cohort.omics[layer].table.index, layer)
    read_feature_groups(study, cohort)
    warn_of_doubtful_survival(study, cohort, cohort.patients([]))
    if study.gene_names is not None:
        read_gene_table(study.gene_names)
    others = [*external, *controls]
    return study, cohort, [read_cohort(manifest) for manifest in others], [discovery, *others]
