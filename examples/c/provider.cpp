// The same as provider.c, for C++11:  provider 'DSN=sales' TOKEN
// c++ -std=c++11 provider.cpp $(pkg-config --cflags --libs tokenshim) -lodbc
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>

#include <sql.h>
#include <sqlext.h>
#include <tokenshim.h>

// A function that gives tokens, registered for as long as this lives.
class Provider {
public:
    Provider(const char *name, std::string token) : token_(std::move(token)) {
        tokenshim_failure failure;
        if (tokenshim_provider_register(name, &Provider::provide, this, &handle_, &failure) != TOKENSHIM_STATUS_OK)
            throw std::runtime_error(failure.message);
    }
    Provider(const Provider &) = delete;
    ~Provider() { // this must live until its last call has come back
        while (tokenshim_free(handle_, nullptr) == TOKENSHIM_STATUS_STILL_RUNNING) std::this_thread::yield();
    }

private:
    // Called on a thread of tokenshim's, into which nothing may be thrown.
    static int provide(void *data, const tokenshim_request *, tokenshim_answer *answer) noexcept {
        const std::string &token = static_cast<Provider *>(data)->token_;
        const char *none = "there is no token for anybody";
        if (token.empty() || token.size() >= answer->token_room) return std::memcpy(answer->message, none, std::strlen(none)), TOKENSHIM_REFUSED;
        std::memcpy(answer->token, token.data(), token.size()); // all of the room is zero
        answer->expires_in_seconds = 3600;
        return TOKENSHIM_GAVE_TOKEN;
    }
    std::string token_;
    tokenshim_handle handle_ = 0;
};

int main(int count, char **arguments) {
    if (count != 3) return std::cerr << "usage: provider CONNECTION-STRING TOKEN\n", 2;
    Provider provider("my-provider", arguments[2]);
    SQLHANDLE environment, connection;
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
    SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
    SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
    SQLCHAR *string = reinterpret_cast<SQLCHAR *>(arguments[1]);
    SQLRETURN code = SQLDriverConnect(connection, nullptr, string, SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
    if (!SQL_SUCCEEDED(code)) {
        SQLCHAR state[6] = "", message[SQL_MAX_MESSAGE_LENGTH] = "";
        SQLGetDiagRec(SQL_HANDLE_DBC, connection, 1, state, nullptr, message, sizeof message, nullptr);
        return std::cerr << state << ' ' << message << '\n', 1;
    }
    std::cout << "connected" << std::endl;
    SQLDisconnect(connection);
    SQLFreeHandle(SQL_HANDLE_DBC, connection);
    SQLFreeHandle(SQL_HANDLE_ENV, environment);
    return 0;
}
