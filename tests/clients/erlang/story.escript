#!/usr/bin/env escript
%% -*- coding: utf-8 -*-
%%! -noinput
%% Erlang's odbc application: a program that knows a DSN and a user.

main(_) ->
    io:setopts([{encoding, unicode}]),
    ok = odbc:start(),
    case odbc:connect("DSN=data;UID=alice", [{binary_strings, on}, {extended_errors, on}]) of
        {error, Refused} ->
            io:format(standard_error, "refused: ~p~n", [Refused]),
            halt(1);
        {ok, Connection} ->
            story(Connection)
    end.

story(Connection) ->
    Ask = fun(Sql) -> io:format("~tp~n", [odbc:sql_query(Connection, Sql)]) end,
    Ask("create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)"),
    Names = [{{sql_varchar, 40}, [<<"Zoë"/utf8>>, <<"日本"/utf8>>]}],
    Inserted = odbc:param_query(Connection, "insert into people (id, name) values (?, ?)",
                                [{sql_integer, [1, 2]}] ++ Names),
    io:format("~tp~n", [Inserted]),
    Ask("update people set height = 1.65, born = '1990-02-28' where id = 1"),
    {selected, Columns, Read} = odbc:sql_query(Connection, "select current_user, people.* from people order by id"),
    io:format("~tp~n", [Columns]),
    [show(Row) || Row <- Read],
    io:format("~tp~n", [odbc:describe_table(Connection, "people")]),
    Ask("select nothing from nowhere"),
    Ask("insert into people (id) values (1)"),
    Ask("drop table people"),
    ok = odbc:disconnect(Connection).

show(Row) ->
    [io:format("~ts ", [case Value of null -> "null"; _ when is_binary(Value) -> Value; _ -> io_lib:format("~tp", [Value]) end])
     || Value <- tuple_to_list(Row)],
    io:nl().
