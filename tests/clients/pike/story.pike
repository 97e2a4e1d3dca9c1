// Pike's Sql.odbc: a program that knows a DSN and a user.
#charset utf-8

int main()
{
  object connection;
  mixed refused = catch { connection = Sql.Sql("odbc://alice:@data"); };
  if (refused) {
    werror("refused: %s\n", describe_error(refused));
    return 1;
  }
  write("%s\n", connection->server_info());
  connection->query("create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)");
  connection->query("insert into people values (:id, :name, 1.65, '1990-02-28')", ([":id": 1, ":name": string_to_utf8("Zoë")]));
  connection->query("insert into people values (:id, :name, null, null)", ([":id": 2, ":name": string_to_utf8("Ørsted")]));
  object rows = connection->big_query("select current_user, people.* from people order by id");
  foreach (rows->fetch_fields(), mapping field)
    write("%O\n", field);
  while (array row = rows->fetch_row())
    write("%s\n", map(row, lambda(mixed value) { return stringp(value) ? value : sprintf("%O", value); }) * " ");
  foreach (({ "select nothing from nowhere", "insert into people (id) values (1)" }), string mistake)
    write("%s\n", describe_error(catch { connection->query(mistake); }));
  write("%O\n", connection->list_tables("people"));
  write("%O\n", connection->list_fields("people"));
  connection->query("drop table people");
}
