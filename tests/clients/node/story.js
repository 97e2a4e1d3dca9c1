// node's odbc: a program that knows a DSN and a user.
const odbc = require('odbc');

async function story() {
  let connection;
  try {
    connection = await odbc.connect('DSN=data;UID=alice');
  } catch (refused) {
    console.error('refused:', refused.message, refused.odbcErrors);
    process.exit(1);
  }
  await connection.query('create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)');
  const insert = await connection.createStatement();
  await insert.prepare('insert into people values (?, ?, ?, ?)');
  for (const row of [[1, 'Zoë', 1.65, '1990-02-28'], [2, '日本 🔑', null, null]]) {
    await insert.bind(row);
    console.log((await insert.execute()).count);
  }
  await insert.close();
  const rows = await connection.query('select current_user, people.* from people where name <> ? order by id', ["it's"]);
  console.log(rows.columns);
  rows.forEach(row => console.log(row));
  for (const mistake of ['select nothing from nowhere', 'insert into people (id) values (1)']) {
    await connection.query(mistake).catch(error => console.log(error.message, error.odbcErrors));
  }
  console.log([...await connection.tables(null, 'public', 'people', null)]);
  console.log((await connection.columns(null, 'public', 'people', null)).map(column => [column.COLUMN_NAME, column.TYPE_NAME]));
  await connection.beginTransaction();
  await connection.query('delete from people');
  await connection.rollback();
  console.log(await connection.query('select count(*) as people_left from people'));
  await connection.query('drop table people');
  await connection.close();
}

story();
