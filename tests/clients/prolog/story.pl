% SWI-Prolog's library(odbc): a program that knows a DSN and a user.
:- use_module(library(odbc)).
:- encoding(utf8).
:- set_stream(user_output, encoding(utf8)).
:- set_stream(user_error, encoding(utf8)).
:- initialization(main, main).

main :-
    catch(odbc_connect(data, Connection, [user(alice), password(''), encoding(utf8)]), Refused,
          ( format(user_error, "refused: ~w~n", [Refused]), halt(1) )),
    forall(odbc_get_connection(Connection, Info), (Info =.. [driver_odbc_version|_] ; shown(Info))),
    ask(Connection, 'create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)'),
    odbc_prepare(Connection, 'insert into people values (?, ?, ?, ?)', [integer, varchar(40), varchar(10), date], Insert),
    forall(member(Row, [[1, 'Zoë', '1.65', date(1990, 2, 28)], [2, '日本', '$null$', '$null$']]),
           ( odbc_execute(Insert, Row, Done), shown(Done) )),
    forall(odbc_query(Connection, 'select current_user, people.* from people order by id', Read), shown(Read)),
    ask(Connection, 'select nothing from nowhere'),
    ask(Connection, 'insert into people (id) values (1)'),
    forall(odbc_current_table(Connection, people, Facet), shown(Facet)),
    forall(odbc_table_column(Connection, people, Column, type(Type)), shown(Column = Type)),
    ask(Connection, 'drop table people'),
    odbc_disconnect(Connection).

ask(Connection, Sql) :-
    catch(odbc_query(Connection, Sql, Answer), error(Answer, _), true),
    shown(Answer).

shown(Term) :-
    format("~w~n", [Term]).
