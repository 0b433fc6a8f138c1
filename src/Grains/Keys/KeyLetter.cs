using OrleansJobs.Records;

namespace OrleansJobs.Keys;

/// <summary>What a partition has decided of a prefix, as it tells the others.</summary>
internal static class KeyLetter
{
    public static byte[] Encode(string name, KeySetting setting)
    {
        var writer = new RecordWriter(128);
        writer.Text(1, name);
        writer.Bytes(2, KeySettingRecord.Encode(setting));
        return writer.ToArray();
    }

    public static (string Name, KeySetting Setting) Decode(ReadOnlySpan<byte> body)
    {
        var (name, setting) = ("", new KeySetting(0, null, null));
        var reader = new RecordReader(body);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: name = reader.Text; break;
                case 2: setting = KeySettingRecord.Decode(reader.Bytes); break;
            }
        }

        return (name, setting);
    }
}
