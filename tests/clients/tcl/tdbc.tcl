# tdbc::odbc: a Tcl program that knows a DSN and a user.
package require tdbc::odbc
fconfigure stdout -encoding utf-8
fconfigure stderr -encoding utf-8
# The native code at an error's end is left out: tdbc reads it from memory that the driver fills only by half.
if {[catch {tdbc::odbc::connection create connection "DSN=data;UID=alice"} refused options]} {
    puts stderr "refused: $refused ([lrange [dict get $options -errorcode] 0 2])"
    exit 1
}
connection allrows {create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)}
set insert [connection prepare {insert into people values (:id, :name, cast(:height as numeric), cast(:born as date))}]
foreach row {{id 1 name Zo\u00eb height 1.65 born 1990-02-28} {id 2 name \u65e5\u672c}} {
    set done [$insert execute [subst $row]]
    puts [$done rowcount]
    $done close
}
set select [connection prepare {select current_user, people.* from people where name <> :name order by id}]
set name "it's"
set rows [$select execute]
puts [$rows columns]
while {[$rows nextlist row]} { puts $row }
$rows close
foreach mistake {{select nothing from nowhere} {insert into people (id) values (1)}} {
    catch {connection allrows $mistake} error options
    puts "$error ([lrange [dict get $options -errorcode] 0 2])"
}
puts [connection tables people]
dict for {column about} [connection columns people] {
    puts "$column [dict get $about type_name] [dict get $about column_size]"
}
catch {connection transaction {
    connection allrows {delete from people}
    error "on second thoughts"
}}
puts [connection allrows {select count(*) from people}]
connection allrows {drop table people}
connection close
