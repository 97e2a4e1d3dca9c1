# GDAL's ogrinfo: tables without geometry, too. Each command connects anew.
ask() {
    ogrinfo -q "ODBC:alice/@data" -sql "$1"
}
ask "create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)"
ask "insert into people values (1, 'Zoë', 1.65, '1990-02-28'), (2, '日本', null, null)"
ask "select current_user, people.* from people order by id"
ogrinfo "ODBC:alice/@data,people"
ogrinfo -al "ODBC:alice/@data,people"
ask "select nothing from nowhere"
ask "drop table people"
