"""A record's fields as SQL expressions: keys, conditions, and who acted, for one dialect and layout."""

from collections.abc import Sequence

from sqlglot import exp

from ..query import Condition, Denied, Key, Pattern, Query, Test, may_be_omitted
from .dialect import Dialect, Expression, text
from .layout import Column, InDocument, InList, Layout

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
# What `Dialect.json` says of a field that holds nothing.
EMPTY = ("null", '""', "[]", "{}")


def is_null(value: Expression) -> Expression:
    return exp.Is(this=value, expression=exp.null())


def not_null(value: Expression) -> Expression:
    return exp.not_(is_null(value))


class Fields:
    """Reads the fields of one table in one dialect."""

    def __init__(self, dialect: Dialect, layout: Layout) -> None:
        self.dialect = dialect
        self.layout = layout

    def member(self, path: str) -> Expression | None:
        """The text of a field that AWS fills, NULL where it is missing or empty.

        None where the table does not keep the field.
        """
        value = self.written(path)
        return None if value is None else exp.func("NULLIF", value, text(""))

    def written(self, path: str) -> Expression | None:
        """The text of a field that AWS fills, as it is written."""
        found = self.layout.find(path)
        if isinstance(found, Column):
            return self.dialect.column(found.parts)
        if isinstance(found, InDocument):
            return self.dialect.member(self.dialect.column(found.parts), found.path)
        return None

    def key(self, key: Key) -> Expression | None:
        """The key's value: a text, or a list of texts where `key.many`. NULL where it is missing."""
        found = [self._key_at(path, key) for path in key.paths]
        if any(each is None for each in found):
            return None
        present = [each for each in found if each is not None]
        if len(present) == 1:
            return present[0]
        return self.dialect.first_list(present) if key.many else exp.func("COALESCE", *present)

    def _key_at(self, path: str, key: Key) -> Expression | None:
        if "[]" in path:
            strings = self._strings(path)
            if strings is None:
                return None
            values = self.dialect.each(strings, lambda one: self._transformed(_shown(one), key))
            return self.dialect.list_if(self.dialect.is_full(values.copy()), values)
        found = self.layout.find(path)
        if isinstance(found, Column):
            value = self.dialect.column(found.parts)
        elif isinstance(found, InDocument):
            value = self.dialect.string(self.dialect.column(found.parts), found.path)
        else:
            return None
        shown = self._transformed(_shown(value), key)
        if key.many:  # another path of the key is a list
            return self.dialect.list_if(not_null(shown.copy()), self.dialect.single(shown))
        return shown

    def _strings(self, path: str) -> Expression | None:
        found = self.layout.find(path)
        if isinstance(found, InList):
            return self.dialect.members(self.dialect.column(found.parts), found.member)
        if not isinstance(found, InDocument):
            return None
        at = next(place for place, member in enumerate(found.path) if member.endswith("[]"))
        head = (*found.path[:at], found.path[at].removesuffix("[]"))
        return self.dialect.strings(self.dialect.column(found.parts), head, found.path[at + 1 :])

    def _transformed(self, value: Expression, key: Key) -> Expression:
        if key.tool:
            return self.dialect.agent(value)
        if key.arn_name:
            value = self.dialect.arn_name(value)
        if key.resource_name:
            value = self.dialect.resource_name(value)
        return self.dialect.lower(value) if key.fold else value

    def condition(self, condition: Condition) -> Expression | None:
        """Whether the condition holds; None where the table does not keep the field."""
        found = self.layout.find(condition.path)
        if isinstance(condition, Denied):
            tests = [self.condition(test) for test in condition.tests]
            there = self.condition(Test(condition.path, "exists"))
            if there is None or any(test is None for test in tests):
                return None
            # A test of a field that is there is true or false, never NULL, once COALESCE has seen it.
            held = exp.func("COALESCE", exp.and_(*[test for test in tests if test]), exp.false())
            return exp.and_(there, exp.not_(held))
        if isinstance(found, Column):
            return self._column_test(self.dialect.column(found.parts), condition)
        if isinstance(found, InDocument) and "[]" not in condition.path:
            return self._document_test(self.dialect.column(found.parts), found.path, condition)
        return None

    def _column_test(self, column: Expression, test: Test) -> Expression | None:
        """A test of a column of texts: a number or a truth value never equals one, and no text is an object."""
        if test.operator == "only":
            return exp.false()
        if test.operator == "exists":
            return exp.NEQ(this=exp.func("COALESCE", column, text("")), expression=text(""))
        if test.operator == "absent":
            return exp.EQ(this=exp.func("COALESCE", column, text("")), expression=text(""))
        return self._string_test(column, test)

    def _document_test(
        self, document: Expression, path: Sequence[str], test: Test
    ) -> Expression | None:
        held = self.dialect.json(document, path)
        if test.operator == "exists":
            filled = exp.func("COALESCE", held, text("null"))
            return exp.not_(filled.isin(*EMPTY))
        if test.operator == "absent":
            filled = exp.func("COALESCE", held, text("null"))
            return filled.isin(*EMPTY)
        if test.operator == "only":
            return self.dialect.only(document, path, [str(name) for name in test.values])
        if test.operator in ("equals", "in"):
            choices = [self._equals(document, path, value) for value in test.values]
            return exp.or_(*choices)
        return self._string_test(self.dialect.string(document, path), test)

    def _equals(
        self, document: Expression, path: Sequence[str], value: bool | int | str
    ) -> Expression:
        if isinstance(value, str):
            return exp.EQ(this=self.dialect.string(document.copy(), path), expression=text(value))
        spelt = str(value).lower() if isinstance(value, bool) else str(value)
        return exp.EQ(this=self.dialect.json(document.copy(), path), expression=text(spelt))

    def _string_test(self, value: Expression, test: Test) -> Expression | None:
        texts = [wanted for wanted in test.values if isinstance(wanted, str)]
        if not texts:
            return exp.false()
        match test.operator:
            case "equals" | "in":
                equal = (
                    value.isin(*map(text, texts)) if len(texts) > 1 else value.eq(text(texts[0]))
                )
                return equal
            case "startswith":
                return self.dialect.starts_with(value, texts[0])
            case "endswith":
                return self.dialect.ends_with(value, texts[0])
            case _:
                return None

    def left_out(self, path: str) -> Expression | None:
        """Whether the object that `path` leads into is not in the record; None where it always is."""
        top = may_be_omitted(path)
        found = self.layout.find(top) if top else None
        if not isinstance(found, InDocument):
            return None
        document = self.dialect.column(found.parts)
        held = exp.func("COALESCE", self.dialect.json(document, found.path), text(""))
        omitted = self.dialect.json(document.copy(), (*found.path, "omitted"))
        return exp.or_(
            exp.not_(self.dialect.starts_with(held, "{")),
            exp.func("COALESCE", omitted, text("")).eq(text("true")),
        )

    def failed(self) -> Expression:
        """Whether the call failed, by its code or by its message alone."""
        found = [
            held
            for path in ("errorCode", "errorMessage")
            if (held := self._holds(path)) is not None
        ]
        return exp.or_(*found) if found else exp.false()

    def _holds(self, path: str) -> Expression | None:
        found = self.layout.find(path)
        if isinstance(found, InDocument):
            return self.dialect.holds(self.dialect.column(found.parts), found.path)
        value = self.member(path)
        return None if value is None else not_null(value)

    def principal(self) -> Expression:
        """The principal's id; NULL where it is missing, or the caller is anonymous, who is nobody in particular."""
        value = self.member("userIdentity.principalId")
        if value is None:
            return self.dialect.missing(many=False)
        anonymous = self.dialect.starts_with(self.dialect.lower(value), "anonymous")
        return exp.case().when(exp.not_(anonymous), value.copy())

    def account(self) -> Expression:
        """The account that the event belongs to."""
        paths = ("recipientAccountId", "userIdentity.accountId")
        found = [value for path in paths if (value := self.member(path)) is not None]
        return found[0] if len(found) == 1 else exp.func("COALESCE", *found)

    def seconds(self) -> Expression:
        """The event's time as whole seconds since 1970; NULL where it cannot be read."""
        found = self.layout.find(self.layout.time_path)
        if isinstance(found, InDocument):
            moment = self.dialect.string(self.dialect.column(found.parts), found.path)
        else:
            assert isinstance(found, Column)
            moment = self.dialect.column(found.parts)
        return self.dialect.seconds(moment, self.layout.time_form)


def _shown(value: Expression) -> Expression:
    """The value, NULL where AWS has hidden it."""
    return exp.func("NULLIF", exp.func("NULLIF", value, text(HIDDEN)), text(""))


def missing_fields(query: Query, layout: Layout) -> frozenset[str]:
    """The paths that `query` reads of its effects and origins and the layout does not keep."""
    return frozenset(path for path in paths_of(query) if layout.find(path) is None)


def paths_of(query: Query) -> frozenset[str]:
    """Every path that the keys and conditions of `query` read."""
    keys: list[Key] = []
    patterns: list[Pattern] = [query.root]
    for node in query.nodes:
        patterns.append(node.pattern)
        for pair in (*node.edge.join, *node.edge.distinct):
            keys += [pair.own, pair.parent]
    for spoiler in query.spoilers:
        patterns.append(spoiler.pattern)
        for pair in spoiler.join:
            keys += [pair.own, pair.parent]
    paths = {path for key in keys for path in key.paths}
    paths |= {condition.path for pattern in patterns for condition in pattern.where}
    for rival in query.rivals:
        paths |= paths_of(rival)
    return frozenset(paths)
