"""The command: thin wrappers around the library, with messages a user can act on."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

import omicsfuse
from omicsfuse.core.errors import OmicsfuseError
from omicsfuse.terminal import shown_downloads, shown_progress, shown_warnings

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(path_type=Path)


def _known(_: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refuse a scorer or scaling that there is none of; the names load when one is given."""
    if value is not None:
        from omicsfuse.core.results import SCALINGS, SCORERS

        names = SCORERS if option.name == "scorer" else SCALINGS
        if value not in names:
            raise click.BadParameter(f"{value!r} is not one of {', '.join(names)}.")
    return value


@contextmanager
def _notes_of_an_interrupt() -> Iterator[None]:
    """Print what an interrupt has to say, before click replaces it."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        for note in getattr(interrupt, "__notes__", ()):
            click.echo(f"omicsfuse: {note}", err=True)
        raise


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(omicsfuse.__version__, prog_name="omicsfuse")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Data folder: replaces $OMICSFUSE_DATA in manifests and study files.",
)
def cli(data: Path | None) -> None:
    """Find cancer subtypes from omics layers and radiomics, and test them."""
    if data is not None:
        os.environ["OMICSFUSE_DATA"] = str(data.resolve())


@cli.command()
@click.argument("study", type=FILE)
@click.option("--out", type=FOLDER, required=True, help="Folder for the results.")
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), help="Random seed; overrides the study file."
)
@click.option(
    "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Number of processes."
)
@click.option("--resume", is_flag=True, help="Continue an unfinished run in the same folder.")
def run(study: Path, out: Path, seed: int | None, jobs: int, resume: bool) -> None:
    """Run a study: fuse, cluster, assess, compare survival, characterise, verify, report."""
    from omicsfuse.pipeline.run import run as run_study
    from omicsfuse.pipeline.stages import STAGES
    from omicsfuse.pipeline.summary import summary

    names = (*(stage.name for stage in STAGES), "report")
    with _notes_of_an_interrupt(), shown_progress(names) as progress:
        results = run_study(study, out, seed=seed, n_jobs=jobs, resume=resume, progress=progress)
    for line in summary(results):
        click.echo(line)
    click.echo(f"report: {out / 'report.html'}")


@cli.command()
@click.argument("study", type=FILE)
def check(study: Path) -> None:
    """Check a study file and its data; nothing is computed."""
    from omicsfuse.pipeline.commands.check import check as check_study
    from omicsfuse.pipeline.summary import cohort_summary, gene_set_lines, study_summary

    with shown_warnings():
        parsed, cohort, others, _ = check_study(study)
    click.echo(study_summary(parsed, cohort))
    for line in gene_set_lines(parsed, cohort):
        click.echo(line)
    for each in (cohort, *others):
        click.echo("\n".join(["", *cohort_summary(each)]))


@cli.command()
@click.argument("places", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--out", type=FOLDER, required=True, help="Folder for the manifest and the study.")
def init(places: tuple[Path, ...], out: Path) -> None:
    """Draft a manifest and a study from the files in PLACES as they are.

    PLACES are folders, or files. Nothing is changed or written over. What the files do not tell is
    asked; exit code 1 if the study cannot run before it is answered.
    """
    from omicsfuse.pipeline.drafting import draft

    made = draft(places, out)
    for line in made.told:
        click.echo(line)
    for path in (*made.manifests, made.study):
        click.echo(f"written: {path}")
    for question in made.questions:
        click.echo(f"question: {question}")
    if made.fault:
        click.echo(f"omicsfuse: the draft is not ready to run: {made.fault}", err=True)
        sys.exit(1)
    click.echo(f"ready to run: omicsfuse run {made.study} --out results")


@cli.command()
@click.option("--out", type=FOLDER, required=True, help="Folder for the simulated cohort.")
@click.option("--patients", type=int, default=150, show_default=True, help="Patients with images.")
@click.option(
    "--external",
    type=int,
    default=200,
    show_default=True,
    help="Patients without images (external cohort).",
)
@click.option("--subtypes", type=int, default=3, show_default=True, help="Planted subtypes.")
@click.option(
    "--effect", type=float, default=0.7, show_default=True, help="Difference in markers, in SD."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Random seed."
)
def simulate(
    out: Path, patients: int, external: int, subtypes: int, effect: float, seed: int
) -> None:
    """Make a radiogenomic cohort with planted subtypes, and a study file for it."""
    from omicsfuse.datasets import simulate_cohort
    from omicsfuse.datasets.write import write_simulated_study

    simulated = simulate_cohort(
        patients, subtypes, n_external=external, effect=effect, random_state=seed
    )
    study = write_simulated_study(simulated, out, seed=seed)
    click.echo(f"study: {study}")


@cli.command()
@click.option(
    "--out",
    type=FOLDER,
    default=Path("demo"),
    show_default=True,
    help="Folder for the cohort; results are written to its subfolder results.",
)
@click.option(
    "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Number of processes."
)
@click.pass_context
def demo(context: click.Context, out: Path, jobs: int) -> None:
    """Simulate a cohort with planted subtypes and run a whole study on it."""
    from omicsfuse.datasets import simulate_cohort
    from omicsfuse.datasets.write import write_simulated_study

    study = write_simulated_study(simulate_cohort(), out)
    click.echo(f"study: {study}")
    context.invoke(run, study=study, out=out / "results", seed=None, jobs=jobs, resume=False)


@cli.command()
@click.argument("name")
@click.option(
    "--out", type=FOLDER, help="Folder for the files; default: the folder of the manifest."
)
def fetch(name: str, out: Path | None) -> None:
    """Download the files of a cohort and verify them.

    NAME is a cohort listed by `omicsfuse cohorts`, or the path of a manifest. An
    interrupted download is continued by the same command.
    """
    from omicsfuse.datasets.fetch import fetch as fetch_cohort

    with _notes_of_an_interrupt(), shown_downloads() as shown:
        paths = fetch_cohort(name, out, progress=shown, tell=shown.tell)
    for path in paths:
        click.echo(path)


@cli.command()
def cohorts() -> None:
    """List the cohorts with a manifest: access, files, path of the manifest."""
    from omicsfuse.datasets.cohorts import list_cohorts

    table = list_cohorts()
    for _, row in table.iterrows():
        facts = (
            f"access: {row['access'] or 'not stated'}",
            f"{row['present']} of {row['files']} files here",
            f"{row['fetchable']} can be fetched",
        )
        lines = (row["name"], row["title"], "; ".join(facts), row["manifest"])
        click.echo("\n    ".join(lines))
    if table.empty:
        click.echo("no manifests found")


@cli.command()
@click.argument("signature", type=FILE)
@click.argument("manifests", metavar="MANIFEST...", type=FILE, nargs=-1, required=True)
@click.option("--out", type=FOLDER, required=True, help="Folder for the results.")
@click.option(
    "--negative-control",
    "controls",
    type=FILE,
    multiple=True,
    help="Manifest of a cohort in which no association is expected; may be repeated.",
)
@click.option("--layer", help="Layer to score, if a cohort has several expression layers.")
@click.option(
    "--scorer", callback=_known, help="Scoring method; default: as locked in the signature."
)
@click.option(
    "--scaling", callback=_known, help="Scaling of genes; default: as locked in the signature."
)
@click.option("--gene-names", type=FILE, help="Table of gene names, such as the HGNC complete set.")
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Random seed."
)
def verify(
    signature: Path,
    manifests: tuple[Path, ...],
    out: Path,
    controls: tuple[Path, ...],
    layer: str | None,
    scorer: str | None,
    scaling: str | None,
    gene_names: Path | None,
    seed: int,
) -> None:
    """Test a locked signature in other cohorts."""
    from omicsfuse.pipeline.commands.verify import VERIFY_STAGES, verify_cohorts
    from omicsfuse.pipeline.summary import verification_summary

    with shown_progress(VERIFY_STAGES) as progress:
        verification = verify_cohorts(
            signature,
            manifests,
            out,
            negative_controls=controls,
            layer=layer,
            scorer=scorer,
            scaling=scaling,
            gene_names=gene_names,
            seed=seed,
            progress=progress,
        )
    for line in verification_summary(verification):
        click.echo(line)
    click.echo(f"verification: {out / 'verification.tsv'}")


@cli.command()
@click.argument("run_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("manifest", type=FILE)
@click.option("--out", type=FOLDER, required=True, help="File for the table (TSV).")
@click.option(
    "--layers", help="Layers of the classifier to use, separated by commas; default: all."
)
def assign(run_dir: Path, manifest: Path, out: Path, layers: str | None) -> None:
    """Assign new patients to the subtypes of a finished run, by any of its layers."""
    from omicsfuse.pipeline.commands.assign import assign_patients, assignment_summary

    chosen = None if layers is None else [name.strip() for name in layers.split(",")]
    with shown_warnings():
        done = assign_patients(run_dir, manifest, out, layers=chosen)
    for line in assignment_summary(done):
        click.echo(line)
    click.echo(f"assignment: {out}")


@cli.command()
@click.argument("scores", type=FILE)
@click.argument("study", type=FILE)
@click.option("--out", type=FOLDER, required=True, help="Folder for the results.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    help="Column of SCORES with one model; may be repeated. Default: all columns.",
)
@click.option(
    "--run",
    "run_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of a finished run of the study; the scores are compared with its subtypes.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), help="Random seed; overrides the study file."
)
@click.option(
    "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Number of processes."
)
def interpret(
    scores: Path,
    study: Path,
    out: Path,
    columns: tuple[str, ...],
    run_dir: Path | None,
    seed: int | None,
    jobs: int,
) -> None:
    """Test associations of imaging models with molecular and clinical data.

    SCORES is a table with the patient in the first column and one column of scores or classes per
    model.
    """
    from omicsfuse.pipeline.commands import interpret as command

    with shown_progress(command.INTERPRET_STAGES) as progress:
        interpretations = command.interpret_scores(
            scores,
            study,
            out,
            columns=columns or None,
            run=run_dir,
            seed=seed,
            n_jobs=jobs,
            progress=progress,
        )
    for interpretation in interpretations.values():
        for line in command.interpretation_summary(interpretation):
            click.echo(line)
    click.echo(f"report: {out / 'report.html'}")


def main(argv: list[str] | None = None) -> Any:
    """Run the command; a user's mistake ends with one message and exit code 1."""
    if threading.current_thread() is threading.main_thread():
        # Being told to stop ends a run as Ctrl-C does: nothing half-written, stages kept.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        cli.main(args=argv, prog_name="omicsfuse", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("omicsfuse: interrupted.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (OmicsfuseError, OSError, MemoryError) as error:
        text = "not enough memory" if isinstance(error, MemoryError) else str(error)
        if isinstance(error, OSError) and error.filename and error.strerror:
            text = f"{error.filename} cannot be read or written: {error.strerror}."
        click.echo("\n".join([f"omicsfuse: {text}", *getattr(error, "__notes__", ())]), err=True)
        sys.exit(1)
    finally:
        if tasks := sys.modules.get("omicsfuse.stats.tasks"):  # not imported for this alone
            tasks.end_processes()


if __name__ == "__main__":
    main()
