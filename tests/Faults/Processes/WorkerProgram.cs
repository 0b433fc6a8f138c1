using System.Globalization;

namespace OrleansJobs.Faults.Processes;

/// <summary>What a worker outside of the silos is: a program of one of the packages, which is beside it.</summary>
/// <param name="Language">For people.</param>
/// <param name="CommandOf">What starts one of its lives.</param>
internal sealed record WorkerProgram(string Language, Func<WorkerLife, string[]> CommandOf)
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Workers");

    public static readonly WorkerProgram Python = new("Python", life => ["python3", "-B", Path.Combine(PythonFolder, "worker.py"), .. OptionsOf(life)]);

    public static readonly WorkerProgram Node = new("Node", life => ["node", Path.Combine(Folder, "node", "worker.mjs"), .. OptionsOf(life)]);

    /// <summary>The worker of an application written for Celery, with processes for its tasks.</summary>
    public static readonly WorkerProgram Celery = new("Celery's face", life =>
    [
        .. CeleryEnvironment(life.Gateway), $"FAULTS_LIFE={life.Life}", $"FAULTS_SINK={Path.Combine(life.Directory, life.Life)}",
        "python3", "-B", "-m", "orleansjobs.celery", "-A", "canvas_tasks", "worker", "-n", life.Name, "-c", life.Slots.ToString(CultureInfo.InvariantCulture), "-l", "INFO",
    ]);

    /// <summary>What submits the canvases that such workers run.</summary>
    public static string[] CanvasProgram(Uri gateway, params string[] options) => [.. CeleryEnvironment(gateway), "python3", "-B", Path.Combine(PythonFolder, "canvas_program.py"), .. options];

    private static string PythonFolder => Path.Combine(Folder, "python");

    private static string[] CeleryEnvironment(Uri gateway) => ["env", $"PYTHONPATH={PythonFolder}", $"ORLEANSJOBS_URL={gateway}", "ORLEANSJOBS_KEY="];

    private static string[] OptionsOf(WorkerLife life) =>
    [
        "--url", life.Gateway.ToString(), "--name", life.Name, "--life", life.Life, "--sink", Path.Combine(life.Directory, $"{life.Life}.sink"),
        "--slots", life.Slots.ToString(CultureInfo.InvariantCulture),
    ];
}

/// <param name="Life">Name and number of the life.</param>
/// <param name="Directory">Where its sink is to be.</param>
internal sealed record WorkerLife(string Name, string Life, Uri Gateway, string Directory, int Slots);
