// POCO's Data::ODBC: a C++ program that knows a DSN and a user.
#include <Poco/Data/ODBC/Connector.h>
#include <Poco/Data/ODBC/ODBCException.h>
#include <Poco/Data/RecordSet.h>
#include <Poco/Data/Session.h>
#include <iostream>

using namespace Poco::Data::Keywords;
using Poco::Data::Session;
using Poco::Data::Statement;

static int story()
{
    Session session("ODBC", "DSN=data;UID=alice");
    session << "create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)", now;
    std::string name[] = {"Zoë", "日本"};
    for (int id = 1; id <= 2; id++)
        session << "insert into people (id, name) values (?, ?)", use(id), use(name[id - 1]), now;
    session << "update people set height = 1.65, born = '1990-02-28' where id = 1", now;
    Statement select(session);
    select << "select current_user, people.* from people order by id";
    select.execute();
    Poco::Data::RecordSet rows(select);
    for (std::size_t column = 0; column < rows.columnCount(); column++)
        std::cout << rows.columnName(column) << ' ' << rows.columnType(column) << ' ' << rows.columnLength(column) << '\n';
    for (auto& row : rows)
        std::cout << row.valuesToString();
    for (const char* mistake : {"select nothing from nowhere", "insert into people (id) values (1)"})
        try {
            session << mistake, now;
        } catch (Poco::Exception& error) {
            std::cout << error.displayText() << '\n';
        }
    session.setFeature("autoCommit", false);
    session << "delete from people", now;
    session.rollback();
    session.setFeature("autoCommit", true);
    int left = 0;
    session << "select count(*) from people", into(left), now;
    std::cout << left << " left\n";
    session << "drop table people", now;
    return 0;
}

int main()
{
    Poco::Data::ODBC::Connector::registerConnector();
    try {
        return story();
    } catch (Poco::Exception& refused) {
        std::cerr << "refused: " << refused.displayText() << '\n';
        return 1;
    }
}
