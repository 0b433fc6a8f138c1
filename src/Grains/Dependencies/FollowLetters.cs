using System.Globalization;
using OrleansJobs.Records;

namespace OrleansJobs.Dependencies;

/// <summary>What partitions tell each other of jobs that follow others.</summary>
/// <param name="Leader">The job that must end first.</param>
/// <param name="State">How it ended; null in a letter that asks to be told, and where there is no such job.</param>
internal readonly record struct FollowLetter(string Leader, string Follower, JobState? State)
{
    public byte[] Encode()
    {
        var writer = new RecordWriter(32 + Leader.Length + Follower.Length);
        writer.Text(1, Leader);
        writer.Text(2, Follower);
        writer.Signed(3, (int?)State);
        return writer.ToArray();
    }

    public static FollowLetter Decode(ReadOnlySpan<byte> body)
    {
        string leader = "", follower = "";
        JobState? state = null;
        var reader = new RecordReader(body);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: leader = reader.Text; break;
                case 2: follower = reader.Text; break;
                case 3: state = (JobState)reader.Signed; break;
            }
        }

        return new FollowLetter(leader, follower, state);
    }
}

/// <summary>The end of a job that others follow.</summary>
/// <param name="Version">The job's when it ended.</param>
internal readonly record struct LeaderEnd(string Leader, JobState State, long Version)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Leader}/{(int)State}/{Version:x}");

    public static LeaderEnd Parse(string text)
    {
        var parts = text.Split('/');
        return new(parts[0], (JobState)int.Parse(parts[1], CultureInfo.InvariantCulture), long.Parse(parts[2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
    }
}
