# DBD::ODBC: a Perl program that knows a DSN and a user.
use strict;
use warnings;
use DBI qw(:sql_types);

my $connection = DBI->connect("dbi:ODBC:data", "alice", "", {PrintError => 0, RaiseError => 0})
    or die "refused: $DBI::state $DBI::err $DBI::errstr\n";
print join(" ", map { $connection->get_info($_) } 6, 7, 17, 47, 2), "\n";
$connection->do("create table people (id integer primary key, name varchar(40), height numeric(5,2), born date, photo bytea)");
my $insert = $connection->prepare("insert into people values (?, ?, ?, ?, ?)");
$insert->bind_param(5, undef, SQL_VARBINARY);
for my $row ([1, "Zoë", "1.65", "1990-02-28", "\0\1"], [2, "日本 🔑", undef, undef, undef]) {
    print $insert->execute(@$row), " row\n";
}
my $select = $connection->prepare("select current_user, people.* from people where name <> ? order by id");
$select->execute("it's");
for my $column (0 .. $select->{NUM_OF_FIELDS} - 1) {
    print join(" ", map { $select->{$_}[$column] // "-" } qw(NAME TYPE PRECISION SCALE NULLABLE)), "\n";
}
while (my $row = $select->fetchrow_arrayref) {
    print join(" | ", map { defined ? /^[\0-\x1f]/ ? unpack("H*", $_) : $_ : "NULL" } @$row), "\n";
}
for my $mistake ("select nothing from nowhere", "insert into people (id) values (1)") {
    $connection->do($mistake) or print $connection->state, " ", $connection->err, " ", $connection->errstr, "\n";
}
my $tables = $connection->table_info(undef, "public", "people", "TABLE");
print join(" | ", map { $_ // "NULL" } @$_), "\n" while $_ = $tables->fetchrow_arrayref;
$connection->begin_work;
$connection->do("delete from people");
$connection->rollback;
print $connection->selectrow_array("select count(*) from people"), " left\n";
$connection->do("drop table people");
$connection->disconnect;
