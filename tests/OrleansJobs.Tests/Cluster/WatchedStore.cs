using System.Reflection;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Cluster;

/// <summary>A store whose calls a test sees first, and may hold, let fail, or answer in its place. It knows them by name alone.</summary>
internal class WatchedStore : DispatchProxy
{
    private static readonly MethodInfo Answer = typeof(WatchedStore).GetMethod(nameof(AnswerAsync), BindingFlags.Instance | BindingFlags.NonPublic)!;
    private IPartitionStore _inner = null!;
    private Func<string, object?[], Task<object?>> _watch = null!;

    /// <param name="watch">Is told of a call with its arguments. What it answers is the store's answer; null: the store is asked.</param>
    public static IPartitionStore Around(IPartitionStore inner, Func<string, object?[], Task<object?>> watch)
    {
        var store = Create<IPartitionStore, WatchedStore>();
        var watched = (WatchedStore)store;
        (watched._inner, watched._watch) = (inner, watch);
        return store;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (!targetMethod!.ReturnType.IsGenericType) return targetMethod.Invoke(_inner, args);
        var task = Answer.MakeGenericMethod(targetMethod.ReturnType.GenericTypeArguments).Invoke(this, [targetMethod, args]);
        return Activator.CreateInstance(targetMethod.ReturnType, task);
    }

    private async Task<T> AnswerAsync<T>(MethodInfo method, object?[] args)
    {
        if (await _watch(method.Name, args) is T answer) return answer;
        return await (ValueTask<T>)method.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null)!;
    }
}
