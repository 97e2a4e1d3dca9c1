// .NET's System.Data.Odbc, as Mono has it: a program that knows a DSN and a user.
using System;
using System.Data;
using System.Data.Odbc;
using System.Linq;

static class Story
{
    static OdbcConnection connection;

    static OdbcCommand Command(string sql, params object[] values)
    {
        var command = new OdbcCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.AddWithValue("", value);
        return command;
    }

    static int Main()
    {
        Console.OutputEncoding = new System.Text.UTF8Encoding(false);
        connection = new OdbcConnection("DSN=data;UID=alice");
        try {
            connection.Open();
        } catch (OdbcException refused) {
            foreach (OdbcError error in refused.Errors)
                Console.Error.WriteLine($"refused: {error.SQLState} {error.NativeError} {error.Message}");
            return 1;
        }
        Console.WriteLine($"{connection.Driver} {connection.ServerVersion} {connection.Database}");
        Command("create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)").ExecuteNonQuery();
        Console.WriteLine(Command("insert into people values (?, ?, ?, ?)", 1, "Zoë", 1.65m, new DateTime(1990, 2, 28)).ExecuteNonQuery());
        Console.WriteLine(Command("insert into people (id, name) values (?, ?)", 2, "日本").ExecuteNonQuery());
        using (var row = Command("select current_user, people.* from people where name <> ? order by id", "it's").ExecuteReader()) {
            foreach (var column in Enumerable.Range(0, row.FieldCount))
                Console.WriteLine($"{row.GetName(column)} {row.GetDataTypeName(column)} {row.GetFieldType(column)}");
            while (row.Read())
                Console.WriteLine(string.Join(" | ", Enumerable.Range(0, row.FieldCount).Select(column => row.IsDBNull(column) ? "null" : Convert.ToString(row.GetValue(column), System.Globalization.CultureInfo.InvariantCulture))));
        }
        foreach (var mistake in new[] { "select nothing from nowhere", "insert into people (id) values (1)" })
            try {
                Command(mistake).ExecuteNonQuery();
            } catch (OdbcException problem) {
                foreach (OdbcError error in problem.Errors)
                    Console.WriteLine($"{error.SQLState} {error.NativeError} {error.Message}");
            }
        Command("drop table people").ExecuteNonQuery();
        connection.Close();
        return 0;
    }
}
