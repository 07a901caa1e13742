"""What the command prints: a run, a study or a cohort in a few lines."""

import pandas as pd

from omicsfuse.biology.gene_sets import gene_set_coverage
from omicsfuse.core.checks.tables import count
from omicsfuse.core.cohort import Cohort, describe_layer
from omicsfuse.core.results import ASSIGNED, FULL_PIPELINE, RunResults, Verification
from omicsfuse.core.variables import variable_lines
from omicsfuse.io.gmt import read_gmt
from omicsfuse.pipeline.asked import enriched_layer, fused_layers, patients_to_fuse
from omicsfuse.pipeline.stages.assess import ASSESS
from omicsfuse.pipeline.study import Study
from omicsfuse.report.conclusion import RESERVED, Reservation, conclude
from omicsfuse.report.sections.verification.cohorts import n_scored
from omicsfuse.verification import replication


def summary(results: RunResults) -> list[str]:
    """Say in a few lines what a run found."""
    sizes = results.subtypes.evidence["subtypes"]["n"]
    stable = results.assessment.stability["jaccard_mean"]
    counts = [(len(results.fusion.patients), "patient")]
    counts += [(len(results.fusion.params["layers"]), "layer"), (len(sizes), "subtype")]
    lines = [
        f"{results.name}: " + ", ".join(f"{n} {noun}{'s' * (n != 1)}" for n, noun in counts),
        "sizes: " + ", ".join(f"{name} {n}" for name, n in sizes.items()),
    ]
    conclusion = conclude(results)
    says, values = conclusion.verdict, []
    if conclusion.status == RESERVED:
        says += ", with reservations"
    for name in ("p_shared", "p_structure"):
        p = getattr(results.assessment, name)
        if p == p:
            values.append(f"{name} = {p:.3g}")
    lines.insert(1, f"verdict: {says}" + (f" ({', '.join(values)})" if values else ""))
    names = results.subtypes.label_names
    if names:
        lines[1] = lines[1].replace("verdict:", "verdict on the network:", 1)
        lines.append("given labels: " + ", ".join(f"{name} = {one}" for name, one in names.items()))
        for _, row in results.assessment.given_labels.head(1).iterrows():
            lines.append(
                f"labels in the network: silhouette {row['silhouette']:.3f}, shuffled "
                f"{row['silhouette_shuffled']:.3f}, p = {row['p']:.3g}; own cut: adjusted Rand "
                f"index {row['own_cut_agreement']:.3f}"
            )
    elif not results.assessment.supported:
        lines.append("subtypes are not supported: the results below are exploratory")
    lines[2:2] = [
        f"  reservation: {each.text}{_time(results, each)}" for each in conclusion.reservations
    ]
    if len(sizes) > 1:
        jaccards = ", ".join(f"{name} {value:.2f}" for name, value in stable.items())
        lines.append(f"stability (mean Jaccard): {jaccards}")
    for variable in results.cohort.known_labels:
        if variable in results.clinical.index:
            agreement = results.clinical["adjusted_rand_index"][variable]
            n = results.clinical["n"][variable]
            lines.append(
                f"agreement with {variable}: adjusted Rand index {agreement:.3f} (n = {n:.0f})"
            )
    for endpoint, comparison in results.survival.items():
        tests = comparison.tests
        full = tests[tests["kind"] == FULL_PIPELINE]
        row = full.iloc[0] if len(full) else tests.iloc[0]
        lines.append(f"{endpoint}: n = {row['n']}, events = {row['events']}, {_tested(row)}")
        if len(value := comparison.added_value):
            said = _tested(value.iloc[0].rename({"p": "p_asymptotic"}), "likelihood-ratio p")
            lines.append(f"  subtypes added to the covariates: {said}")
    if results.verification is not None:
        table = results.verification.table
        for _, row in table[table["contrast"] == ASSIGNED].iterrows():
            p = f"p = {row['p']:.3g}" if row["p"] == row["p"] else row["note"]
            scored = n_scored(results.verification, row["cohort"], row["endpoint"])
            of = f" assigned of {scored}" if scored > row["n"] else ""
            lines.append(
                f"signature in {row['cohort']} ({row['endpoint']}): {row['genes_found']:.0f} of "
                f"{row['genes_total']:.0f} genes, n = {row['n']:.0f}{of}, "
                f"events = {row['events']:.0f}, {p}"
            )
    for name, signature in results.signatures.items():
        judged = signature.details.get("replication")
        if judged is not None and len(judged):
            judged = judged[judged["scope"] != "negative controls"]
            held = judged[judged["verdict"] == "replicates"]
            which = [f"{row['score']} ({row['endpoint']})" for _, row in held.iterrows()]
            said = f": {', '.join(which)}" if which else ""
            lines.append(f"signature {name}: {len(held)} of {len(judged)} scores replicate{said}")
    if results.warnings:
        lines.append(f"warnings: {len(results.warnings)} (see the report)")
    return lines


def _time(results: RunResults, reservation: Reservation) -> str:
    """Say how long the tests would take with the draws that settle a p-value; else nothing."""
    seconds = results.provenance.get("seconds", {}).get(ASSESS.name)
    if not reservation.times or seconds is None:
        return ""
    minutes = reservation.times * seconds / 60
    return f" Estimated time of the assessment here: {max(1, round(minutes))} min."


def _tested(row: pd.Series, name: str = "log-rank p") -> str:
    """Write the p-values of a test, or why there are none."""
    named = {"p_asymptotic": name, "p_permutation": "permutation p"}
    known = [f"{text} = {row[name]:.3g}" for name, text in named.items() if row[name] == row[name]]
    return ", ".join([*known, row["note"]] if row["note"] else known)


def verification_summary(verification: Verification) -> list[str]:
    """Say what a signature showed in other cohorts: tests, notes, whether it replicates."""
    table = verification.table
    columns = ["cohort", "endpoint", "comparison", "n", "events", "hr", "p"]
    columns += ["random_null_percentile"]
    lines = [table[columns].to_string(index=False, float_format="%.3g", na_rep="")]
    notes = table.loc[table["p"].isna() & (table["note"] != ""), ["cohort", "note"]]
    for _, row in notes.drop_duplicates().iterrows():
        lines.append(f"{row['cohort']}: {row['note']}")
    for _, row in replication(verification).iterrows():
        lines.append(f"{row['score']} ({row['endpoint']}), {row['scope']}: {row['verdict']}")
    return lines


def study_summary(study: Study, cohort: Cohort) -> str:
    """Say how many patients a study would fuse."""
    fused, patients = fused_layers(study, cohort), patients_to_fuse(study, cohort)
    whole = int(cohort.patients(fused).isin(patients).sum())
    return (
        f"study {study.name}: ready to run; {len(patients)} patients to fuse, {whole} of them "
        f"with every layer: {', '.join(fused)}"
    )


def gene_set_lines(study: Study, cohort: Cohort) -> list[str]:
    """Say of each file of gene sets how many of its sets and genes the layer of genes has."""
    layer = enriched_layer(study, cohort)
    if layer is None or layer not in cohort.omics:
        return []
    genes, lines = cohort.omics[layer].table.columns, []
    for path in study.gene_sets:
        asked = study.enrichment
        found = gene_set_coverage(path, genes, asked.min_size, asked.max_size)
        members = {gene for each in read_gmt(path).values() for gene in each}
        lines.append(
            f"gene sets {path.name}: {int(found['tested'].sum())} of {count(len(found), 'set')} "
            f"have at least {asked.min_size} genes in {layer}; "
            f"{len(members & set(map(str, genes))):,} of {len(members):,} genes found"
        )
    return lines


def cohort_summary(cohort: Cohort) -> list[str]:
    """Say what a cohort holds."""
    clinical = (
        "no clinical table" if cohort.clinical is None else f"{len(cohort.clinical)} patients"
    )
    lines = [f"cohort {cohort.name}: clinical table: {clinical}"]
    for name, layer in cohort.omics.items():
        facts = describe_layer(layer)
        lines.append(
            f"  {name}: {facts['kind']}, scale {facts['scale']}, {facts['n_patients']} patients x "
            f"{facts['n_features']} features, {facts['missing']} values missing, from "
            f"{facts['min']:.4g} to {facts['max']:.4g}, {facts['constant']} features constant, "
            f"{facts['mostly_missing']} mostly missing"
        )
    lines += [f"  clinical: {line}" for line in variable_lines(cohort.variables)]
    for name in cohort.endpoints:
        table = cohort.survival(name)
        lines.append(f"  endpoint {name}: n {len(table)}, events {int(table['event'].sum())}")
    lines += [f"  {note}" for note in cohort.notes]
    lines += [
        f"  {each.layer}: {each.count} {each.what}: {each.reason}" for each in cohort.exclusions
    ]
    return lines
