create table people (id integer primary key, name varchar(40), height numeric(5,2), born varchar(10))
go
insert into people values (1, 'Zoë', 1.65, '1990-02-28')
go
insert into people values (2, '日本', null, null)
go
select relname::varchar(20) as table_name, current_user::varchar(10) as owner from pg_class where relname = 'people'
go
select * from people order by id
go
select nothing from nowhere
go
