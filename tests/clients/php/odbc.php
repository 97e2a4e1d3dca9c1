<?php
// PHP's odbc functions: a program that knows a DSN and a user.
error_reporting(E_ALL);
ini_set('display_errors', 'stderr');
$connection = @odbc_connect('data', 'alice', '');
if (!$connection) {
    fwrite(STDERR, 'refused: ' . odbc_error() . ' ' . odbc_errormsg() . "\n");
    exit(1);
}
print_r(odbc_data_source($connection, SQL_FETCH_FIRST));
odbc_exec($connection, 'create table people (id integer primary key, name varchar(40), height numeric(5,2), born date, photo bytea)');
$insert = odbc_prepare($connection, 'insert into people (id, name, height, born) values (?, ?, ?, ?)');
foreach ([[1, 'Zoë', '1.65', '1990-02-28'], [2, '日本 🔑', null, null]] as $row) {
    var_dump(odbc_execute($insert, $row), odbc_num_rows($insert));
}
$select = odbc_prepare($connection, 'select current_user, people.* from people where name <> ? order by id');
odbc_execute($select, ["it's"]);
for ($column = 1; $column <= odbc_num_fields($select); $column++) {
    echo implode(' ', [odbc_field_name($select, $column), odbc_field_type($select, $column), odbc_field_len($select, $column),
        odbc_field_scale($select, $column)]), "\n";
}
while ($row = odbc_fetch_array($select)) {
    var_dump($row);
}
foreach (['select nothing from nowhere', 'insert into people (id) values (1)'] as $mistake) {
    if (!@odbc_exec($connection, $mistake)) {
        echo odbc_error($connection), ' ', odbc_errormsg($connection), "\n";
    }
}
$tables = odbc_tables($connection, null, 'public', 'people', 'TABLE');
while ($row = odbc_fetch_array($tables)) {
    var_dump($row);
}
odbc_autocommit($connection, false);
odbc_exec($connection, 'delete from people');
odbc_rollback($connection);
odbc_autocommit($connection, true);
odbc_result_all(odbc_exec($connection, 'select count(*) as people_left from people'));
odbc_exec($connection, 'drop table people');
odbc_close($connection);
