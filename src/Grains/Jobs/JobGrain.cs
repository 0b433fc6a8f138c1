using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Placement;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Jobs;

/// <summary>
/// The live face of one job: lifecycle from its partition, progress from its worker, and a checkpoint kept in grain storage. It is activated
/// when somebody asks about the job or the job has something to say, and not otherwise.
/// </summary>
[Reentrant, PreferLocalPlacement]
internal sealed partial class JobGrain(
    [PersistentState("job", JobGrain.StorageName)] IPersistentState<JobMemory> memory,
    IWorkerDirectory workers, NumberedGrains<IJobPartitionGrain> partitions, StandstillGuard standstill, IOptions<JobGridOptions> options, TimeProvider time,
    ILogger<JobGrain> logger) : Grain, IJobGrain, IJobFeed
{
    public const string StorageName = "jobs";
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan AskerPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PollRetry = TimeSpan.FromMilliseconds(250);

    /// <summary>Of an attempt that seems to say nothing new its worker is asked so often at most.</summary>
    private static readonly TimeSpan SilenceFreshFor = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger = logger;
    private readonly CancellationTokenSource _closing = new();
    private TaskCompletionSource _changed = NewSignal();
    private JobStatus? _status;
    private bool _missing;
    private Progress _progress;
    private long _progressToken;

    /// <summary>The attempt whose versions were raised above all that its worker may have told by another way, and the epoch of who tells since.</summary>
    private (long Token, long Epoch) _raised;
    /// <summary>For how long an attempt had said nothing new at a timestamp.</summary>
    private (long Token, TimeSpan Length, long At) _silence;
    private long _verifiedToken;
    private long _savedAt;
    private long _askedAt;

    /// <summary>The attempt whose worker was last told that somebody watches; 0 where it was told that nobody does, or nothing yet.</summary>
    private long _toldToken;
    private int _watchers;
    private bool _following;
    private Task _saving = Task.CompletedTask;

    private string Id => this.GetPrimaryKeyString();

    private int PartitionNumber => JobIds.PartitionOf(Id, options.Value.Partitions);

    private IJobPartitionGrain Partition => partitions[PartitionNumber];

    private IPartitionWork Work => GrainFactory.GetGrain<IPartitionWork>(PartitionNumber);

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellation)
    {
        _closing.Cancel();
        Signal();
        return Task.CompletedTask;
    }

    public async Task<JobStatus?> GetStatus()
    {
        await standstill.ConfirmAsync();
        if (_status is { IsFinished: true } ended)
        {
            // An end may be taken back: the job is run again, or is gone and its id another job's.
            var look = await Work.LookAgain(Id, ended.Version);
            if (look.IsSame) return ended;
            if (ReferenceEquals(_status, ended)) _status = null;
            Take(look.Status);
        }
        else
        {
            _askedAt = Math.Max(1, time.GetTimestamp());
            Take(await Partition.Get(Id));
        }

        if (_status is { State: JobState.Progress } running && (!IsTold(running) || MayBeSilent(running))) await AskWorkerAsync(running);
        return Current();
    }

    public async IAsyncEnumerable<JobStatus> Watch(long afterVersion, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        _watchers++;
        try
        {
            if (await GetStatus() is not { } first) yield break;
            var version = afterVersion;
            if (!_following) _ = FollowAsync();
            while (!_closing.IsCancellationRequested)
            {
                var changed = _changed.Task;
                if (_missing) yield break;
                if (Current() is { } status && status.Version > version)
                {
                    version = status.Version;
                    yield return status;
                    if (status.IsFinished) yield break;
                    continue;
                }

                if (first.IsFinished) yield break;
                await changed.WaitAsync(cancellation);
            }
        }
        finally
        {
            _watchers--;
        }
    }

    public async Task<JobChange> Cancel(ChangeOrder order)
    {
        var change = await Partition.Cancel(Id, order);
        if (change.Outcome == JobChangeOutcome.NotFound) return change;
        if (change.Status is { } status) Take(status);
        return change with { Status = Current() ?? change.Status };
    }

    public async Task<bool> Progress(LeaseName lease, Progress progress)
    {
        if (lease.Token < Math.Max(_progressToken, memory.State.Token)) return false;
        if (lease.Token > _progressToken)
        {
            _progressToken = lease.Token;
            _progress = default;
        }

        if (_raised.Token == lease.Token && progress.Epoch < _raised.Epoch) return Tell(lease.Token);
        if (progress.Epoch > 0) await RaiseAsync(lease.Token, progress.Epoch);
        if (progress.Sequence <= _progress.Sequence || lease.Token < _progressToken) return Tell(lease.Token);
        if (_silence.Token != lease.Token || !ProgressValue.Of(progress).SaysAs(ProgressValue.Of(_progress))) _silence = (lease.Token, TimeSpan.Zero, time.GetTimestamp());
        _progress = progress;
        Signal();
        if (IsTimeToSave()) await SaveProgressAsync();
        return Tell(lease.Token);
    }

    public async Task<bool> SaveCheckpoint(LeaseName lease, byte[] checkpoint)
    {
        if (!await IsCurrentAsync(lease.Token)) return false;
        await ChangeMemoryAsync(state =>
        {
            if (lease.Token < state.Token) return;
            state.Token = lease.Token;
            state.Checkpoint = checkpoint;
            state.Progress = _progress;
        });
        if (memory.State.Token != lease.Token) return false;
        _silence = (lease.Token, TimeSpan.Zero, time.GetTimestamp());
        return true;
    }

    public async Task<byte[]?> LoadCheckpoint(LeaseName lease)
    {
        if (await IsCurrentAsync(lease.Token) && lease.Token > memory.State.Token)
            await ChangeMemoryAsync(state => state.Token = Math.Max(state.Token, lease.Token));
        return memory.State.Checkpoint;
    }

    public async Task Forget()
    {
        await _saving;
        if (memory.RecordExists) await memory.ClearStateAsync();
        DeactivateOnIdle();
    }

    /// <summary>Takes what the partition says. It only ever knows more, so that an older answer that overtook a newer one is dropped.</summary>
    private void Take(JobStatus? status)
    {
        _missing = status is null;
        if (status is not null && !(status.Version < _status?.Version)) _status = status;
        Signal();
    }

    private JobStatus? Current()
    {
        var status = Newest();
        // Only where its worker has just said so: log lines and steps are told to others than this grain.
        if (status is not { State: JobState.Progress, Silo: not null } || time.GetElapsedTime(_silence.At) > SilenceFreshFor) return status;
        return Silence(status) is var silence && silence >= JobStatus.StalledFrom ? status with { StalledFor = silence } : status;
    }

    private JobStatus? Newest() =>
        _missing ? null
        : _status is { State: JobState.Progress } running && Knows(running) ? StatusOf.WithProgress(running, _progress)
        : _status is { Phase: JobPhase.Retrying } lost && memory.State.Token == lost.Token ? StatusOf.WithLast(lost, memory.State.Progress)
        : _status;

    /// <summary>Somebody watches, or asks so often that it comes to the same: the worker is to say all it knows.</summary>
    private bool IsWatched => _watchers > 0 || (_askedAt != 0 && time.GetElapsedTime(_askedAt) < AskerPatience);

    /// <summary>What the worker said came, and it knows that it is to say all it has.</summary>
    private bool IsTold(JobStatus running) => Knows(running) && _toldToken == running.Token;

    /// <summary>For how long the running attempt has said nothing new, as far as is known here; zero: it is not known.</summary>
    private TimeSpan Silence(JobStatus running) => _silence.Token == running.Token && running.Token != 0 ? _silence.Length + time.GetElapsedTime(_silence.At) : TimeSpan.Zero;

    /// <summary>Its worker knows whether it says nothing any more.</summary>
    private bool MayBeSilent(JobStatus running) =>
        _silence.Token != running.Token || (Silence(running) >= JobStatus.StalledFrom && time.GetElapsedTime(_silence.At) >= SilenceFreshFor);

    private bool Tell(long token)
    {
        _toldToken = IsWatched ? token : 0;
        return IsWatched;
    }

    private bool Knows(JobStatus running) => _progress.Sequence > 0 && _progressToken == running.Token;

    /// <summary>Tells the worker that somebody watches, and learns what it last said: it knows that still after an activation was lost.</summary>
    private async Task AskWorkerAsync(JobStatus running)
    {
        if (running.Silo is null) return;
        var worker = SiloAddress.FromParsableString(running.Silo);
        Progress? said = null;
        try
        {
            said = await workers.Of(worker).GetProgress(new(Id, running.Token));
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
            LogWorkerSilent(exception, Id, running.Silo);
        }

        // The activation of a session that was told the most may be gone, and what it told with it.
        if (said is { Epoch: > 0 } || (said is null && WorkSession.IsSession(worker) && !Knows(running))) await RaiseAsync(running.Token, said?.Epoch ?? 0);
        if (said is null)
        {
            // Nobody there knows, or nobody answers: the next to look is not to wait for it again.
            if (running.Token >= _silence.Token) _silence = (running.Token, TimeSpan.Zero, time.GetTimestamp());
            return;
        }

        if (running.Token >= _silence.Token) _silence = (running.Token, TimeSpan.FromMilliseconds(said.Value.Silence), time.GetTimestamp());
        said = said.Value with { Silence = 0 };
        _toldToken = running.Token;
        if (said is { Sequence: > 0 } progress && running.Token >= _progressToken && !(running.Token == _progressToken && progress.Sequence < _progress.Sequence))
        {
            _progressToken = running.Token;
            _progress = progress;
        }
    }

    /// <summary>Who tells of this attempt does not know what was told before: versions go on above it, once for each who tells.</summary>
    private async Task RaiseAsync(long token, long epoch)
    {
        if (_raised.Token == token && _raised.Epoch >= epoch) return;
        if (await Work.Raise(Id, token) is not { } status || token < _progressToken || (_raised.Token == token && _raised.Epoch >= epoch)) return;
        _raised = (token, epoch);
        _progressToken = token;
        _progress = default;
        Take(status);
    }

    /// <summary>While anybody watches, one question stands open at the partition.</summary>
    private async Task FollowAsync()
    {
        _following = true;
        while (_watchers > 0 && !_missing && _status is not { IsFinished: true } && !_closing.IsCancellationRequested)
        {
            try
            {
                Take(await Partition.Wait(Id, _status?.Version ?? 0, LongPoll));
                if (_status is { State: JobState.Progress } running && !IsTold(running)) await AskWorkerAsync(running);
                Signal();
            }
            catch (Exception exception)
            {
                // Whatever it is: nobody else asks for those who watch.
                if (!_closing.IsCancellationRequested) LogNotFollowed(exception, Id);
                await Task.Delay(PollRetry, time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }

        _following = false;
    }

    private async ValueTask<bool> IsCurrentAsync(long token)
    {
        if (token < memory.State.Token) return false;
        if (token == _verifiedToken && token >= _progressToken) return true;
        if (!await Work.IsCurrent(Id, token)) return false;
        _verifiedToken = Math.Max(_verifiedToken, token);
        return token >= memory.State.Token;
    }

    private bool IsTimeToSave()
    {
        var now = time.GetTimestamp();
        if (_savedAt == 0) _savedAt = now;
        if (time.GetElapsedTime(_savedAt, now) < options.Value.ProgressSaveInterval) return false;
        _savedAt = now;
        return true;
    }

    private async Task SaveProgressAsync()
    {
        var (token, progress) = (_progressToken, _progress);
        try
        {
            await ChangeMemoryAsync(state =>
            {
                if (token < state.Token) return;
                state.Token = token;
                state.Progress = progress;
            });
        }
        catch (Exception exception)
        {
            // Progress is worth less than the handler that reports it.
            LogNotSaved(exception, Id);
        }
    }

    /// <summary>One write at a time. One that fails leaves unknown what is stored: this activation gives way to one that reads it.</summary>
    private async Task ChangeMemoryAsync(Action<JobMemory> change)
    {
        while (!_saving.IsCompleted) await _saving;
        var done = new TaskCompletionSource();
        _saving = done.Task;
        try
        {
            change(memory.State);
            CrashPoint.Hit("checkpoint.before");
            await memory.WriteStateAsync();
            CrashPoint.Hit("checkpoint.after");
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
        finally
        {
            done.SetResult();
        }
    }

    private void Signal()
    {
        var changed = _changed;
        _changed = NewSignal();
        changed.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(LogLevel.Debug, "Job {Job}: the worker on {Silo} does not answer; its progress will come")]
    private partial void LogWorkerSilent(Exception exception, string job, string silo);

    [LoggerMessage(LogLevel.Debug, "Job {Job}: its partition did not answer; asking again for those who watch")]
    private partial void LogNotFollowed(Exception exception, string job);

    [LoggerMessage(LogLevel.Warning, "Job {Job}: its progress could not be saved")]
    private partial void LogNotSaved(Exception exception, string job);
}
