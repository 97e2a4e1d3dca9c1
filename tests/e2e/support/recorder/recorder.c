/* A small ODBC driver that writes down every call it gets, with its arguments and what it returned: one line of JSON a call, in the
   file that RECORDER_LOG names. It has every function that a driver manager can call, and answers each well enough that an
   application can go on. It stands in for drivers that cannot be had freely (under their file names, so that tokenshim knows
   their profile), and fails on purpose.

   Compiled in one of the shapes that real drivers have, and with 4-byte SQLWCHARs by -DSQL_WCHART_CONVERT:
     -DHAS_A             names without a letter, and no SQLError (as psqlodbca)
     -DHAS_W             names that end in W, and SQLSetConnectAttr (as Microsoft's driver)
     -DHAS_A -DHAS_W     both, with SQLError, SQLErrorW and all that ODBC 2 had (as MariaDB's); with -DSUFFIXED also names that end in A
     -DHAS_A -DOLD       what ODBC 2 had, and nothing else

   Environment: RECORDER_FAIL="28000:message"       connects fail with this record; so does one with Fail=28000:message in its string
                RECORDER_INFO="01000:message"       connects succeed with this record
                RECORDER_EXEC_FAIL="08006:message"  statements fail with this record
                RECORDER_REFUSE="122,123"           these attributes are refused (HYC00, or RECORDER_REFUSE_STATE)
                RECORDER_REFRESH_INFO="01S02:words" a refresh of the connection (123) succeeds with this record
                RECORDER_REFRESH_FAIL="08S01:words" it fails with this record, the first time on each connection
                RECORDER_REFRESH_GATE="/some/file"  it waits until that file is there
                RECORDER_COMPLETION="UID=;"         what a connect adds to the string (default "PORT=443")
                RECORDER_BROWSE_AT_ONCE="1"         SQLBrowseConnect asks nothing back
                RECORDER_CONNECT_SECONDS="2"        a connect takes that long
                RECORDER_GATE="/some/file"          a connect waits until that file is there
                RECORDER_REFUSE_GET="1209"          these connection attributes are not told
                RECORDER_REUSE="1"                  a handle that is freed is the next one that is made; for one thread
                RECORDER_UNLOAD="1"                 the end of the library is written down, too
                RECORDER_UNLOAD_SECONDS="2"         it takes that long */

#pragma GCC diagnostic ignored "-Wunused-function" /* no shape has all of it */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* SQLError, and what else only ODBC 2 had. */
#if defined(OLD) || defined(HAS_A) && defined(HAS_W)
#define ODBC_2 1
#else
#define ODBC_2 0
#endif

#include "texts.h"
#include "log.h"
#include "handles.h"
#include "connection.h"
#include "statement.h"

#define CHAR SQLCHAR
#define LETTER(name) name
#define IS_WIDE 0
#define UNIT 1
#ifndef OLD
#include "set_connect_attr_aw.h"
#endif
#ifdef HAS_A
#include "connection_aw.h"
#include "statement_aw.h"
#endif

#ifdef HAS_W
#undef CHAR
#undef LETTER
#undef IS_WIDE
#undef UNIT
#define CHAR SQLWCHAR
#define LETTER(name) name##W
#define IS_WIDE 1
#define UNIT ((int)sizeof(SQLWCHAR))
#include "set_connect_attr_aw.h"
#include "connection_aw.h"
#include "statement_aw.h"
#endif

#ifdef SUFFIXED
#define WITH_A(name) __typeof__(name) name##A __attribute__((alias(#name)));
WITH_A(SQLConnect)
WITH_A(SQLDriverConnect)
WITH_A(SQLBrowseConnect)
WITH_A(SQLSetConnectAttr)
WITH_A(SQLGetConnectAttr)
WITH_A(SQLSetConnectOption)
WITH_A(SQLGetConnectOption)
WITH_A(SQLGetDiagRec)
WITH_A(SQLGetDiagField)
WITH_A(SQLError)
#endif
