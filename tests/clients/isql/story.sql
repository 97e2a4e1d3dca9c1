select current_user, 'Zoë'
create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)
insert into people values (1, 'Zoë', 1.65, '1990-02-28')
insert into people values (2, '日本', null, null)
select * from people order by id
help pg_am
help
select nothing from nowhere
insert into people values (1, 'again', null, null)
drop table people
