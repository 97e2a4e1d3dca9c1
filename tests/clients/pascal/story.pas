{ Free Pascal's SQLdb: a program that knows a DSN and a user. }
program Story;
{$mode objfpc}{$H+}{$codepage utf8}

uses
  cwstring, SysUtils, DB, SQLDB, ODBCConn;

var
  Connection: TODBCConnection;
  Transaction: TSQLTransaction;
  Query: TSQLQuery;
  Field: TField;

procedure Ask(const Sql: string);
begin
  try
    Connection.ExecuteDirect(Sql);
  except
    on Error: Exception do WriteLn(Error.ClassName, ' ', Error.Message);
  end;
end;

begin
  Connection := TODBCConnection.Create(nil);
  Transaction := TSQLTransaction.Create(nil);
  Query := TSQLQuery.Create(nil);
  Connection.DatabaseName := 'data';
  { With a UserName it would write PWD=, too: no password, whatever the DSN says. }
  Connection.Params.Add('UID=alice');
  Connection.Transaction := Transaction;
  Transaction.DataBase := Connection;
  Query.DataBase := Connection;
  try
    Connection.Open;
  except
    on Refused: Exception do
    begin
      WriteLn(StdErr, 'refused: ', Refused.ClassName, ' ', Refused.Message);
      Halt(1);
    end;
  end;
  Ask('create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)');
  Query.SQL.Text := 'insert into people (id, name) values (:id, :name)';
  Query.Params[0].AsInteger := 1;
  Query.Params[1].AsString := 'Zoë';
  Query.ExecSQL;
  Query.Params[0].AsInteger := 2;
  Query.Params[1].AsString := '日本';
  Query.ExecSQL;
  Ask('update people set height = 1.65 where id = 1');
  Transaction.CommitRetaining;
  Query.SQL.Text := 'select current_user, people.* from people order by id';
  Query.Open;
  for Field in Query.Fields do WriteLn(Field.FieldName, ' ', Field.DataType, ' ', Field.Size);
  while not Query.EOF do
  begin
    for Field in Query.Fields do Write(Field.AsString, ' ');
    WriteLn;
    Query.Next;
  end;
  Query.Close;
  Ask('select nothing from nowhere');
  Transaction.RollbackRetaining;
  Ask('insert into people (id) values (1)');
  Transaction.RollbackRetaining;
  Ask('drop table people');
  Transaction.Commit;
  Connection.Close;
end.
