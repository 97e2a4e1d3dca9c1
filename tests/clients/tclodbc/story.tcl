# tclodbc: a Tcl program that knows a DSN and a user.
package require tclodbc
fconfigure stdout -encoding utf-8
fconfigure stderr -encoding utf-8
if {[catch {database connect db data alice ""} refused]} {
    puts stderr "refused: $refused"
    exit 1
}
db set encoding utf-8
db "create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)"
db statement insert "insert into people (id, name) values (?, ?)" {INTEGER VARCHAR}
insert run [list 1 Zo\u00eb]
insert run [list 2 \u65e5\u672c]
insert drop
puts [db "update people set height = 1.65, born = '1990-02-28' where id = 1"]
db statement select "select current_user, people.* from people order by id"
puts [select columns name type precision scale nullable]
select execute
while {[llength [set row [select fetch]]]} { puts $row }
select drop
foreach mistake {{select nothing from nowhere} {insert into people (id) values (1)}} {
    catch {db $mistake} error
    puts $error
}
puts [db tables people]
db "drop table people"
db disconnect
