# Ruby-ODBC: a program that knows a DSN and a user.
require "odbc_utf8"

begin
  connection = ODBC.connect("data", "alice")
rescue ODBC::Error => refused
  abort "refused: #{refused.message}"
end
connection.do("create table people (id integer primary key, name varchar(40), height numeric(5,2), born date, photo bytea)")
insert = connection.prepare("insert into people (id, name, height, born) values (?, ?, ?, ?)")
[[1, "Zoë", "1.65", "1990-02-28"], [2, "日本", nil, nil]].each do |row|
  insert.execute(*row)
  puts insert.nrows
end
insert.drop
select = connection.run("select current_user, people.* from people where name <> ? order by id", "it's")
select.columns(true).each { |column| puts [column.name, column.type, column.length, column.precision, column.scale, column.nullable].inspect }
select.each { |row| puts row.inspect }
select.drop
["select nothing from nowhere", "insert into people (id) values (1)"].each do |mistake|
  connection.do(mistake)
rescue ODBC::Error => error
  puts error.message, connection.error.inspect
end
connection.tables("people") { |tables| tables.each { |row| puts row.inspect } }
connection.autocommit = false
connection.do("delete from people")
connection.rollback
connection.autocommit = true
connection.run("select count(*) from people") { |count| puts count.fetch.inspect }
connection.do("drop table people")
connection.disconnect
