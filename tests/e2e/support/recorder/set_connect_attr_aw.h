/* The one function that Microsoft's driver has under its plain name, too: with this one unixODBC hands on what was set before the connect. */

SQLRETURN SQL_API LETTER(SQLSetConnectAttr)(SQLHDBC dbc, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) {
    struct handle *h = dbc;
    CALL(h, attribute, value, length);
    if (attribute == SQL_ATTR_CREDENTIALS)
        log_text(line, "string", keep(&h->credentials, value, length < 0 ? length : length / (int)UNIT, IS_WIDE));
    else
        log_pointed_to(line, value, length, IS_WIDE);
    SQLRETURN code = set_attribute(h, attribute, value);
    if (attribute == SQL_ATTR_REFRESH_CONNECTION && code == SQL_SUCCESS) code = refresh(line, h);
    DONE(code);
}
