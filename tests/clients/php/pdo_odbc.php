<?php
// PHP Data Objects over ODBC: a program that knows a DSN and a user.
try {
    $connection = new PDO('odbc:data', 'alice', '');
} catch (PDOException $refused) {
    fwrite(STDERR, "refused: {$refused->getMessage()}\n");
    exit(1);
}
foreach ([PDO::ATTR_DRIVER_NAME, PDO::ATTR_CLIENT_VERSION, PDO::ATTR_SERVER_VERSION, PDO::ATTR_SERVER_INFO] as $attribute) {
    echo $connection->getAttribute($attribute), "\n";
}
$connection->exec('create table people (id integer primary key, name varchar(40), height numeric(5,2), born date, photo bytea)');
$insert = $connection->prepare('insert into people (id, name, height, born) values (:id, :name, :height, :born)');
foreach ([[1, 'Zoë', '1.65', '1990-02-28'], [2, '日本 🔑', null, null]] as [$id, $name, $height, $born]) {
    $insert->execute(compact('id', 'name', 'height', 'born'));
    echo $insert->rowCount(), " row\n";
}
$select = $connection->prepare('select current_user, people.* from people where name <> ? order by id');
$select->execute(["it's"]);
for ($column = 0; $column < $select->columnCount(); $column++) {
    echo json_encode(@$select->getColumnMeta($column)), "\n";
}
foreach ($select->fetchAll(PDO::FETCH_ASSOC) as $row) {
    var_dump($row);
}
foreach (['select nothing from nowhere', 'insert into people (id) values (1)'] as $mistake) {
    try {
        $connection->query($mistake);
    } catch (PDOException $error) {
        echo implode(' ', $error->errorInfo), "\n";
    }
}
$connection->beginTransaction();
$connection->exec('delete from people');
$connection->rollBack();
foreach ($connection->query("select count(*), min(relname) from people, pg_class where relname = 'people'") as $row) {
    var_dump($row);
}
$connection->exec('drop table people');
$connection = null;
