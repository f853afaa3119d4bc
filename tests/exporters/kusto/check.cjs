// Asks Microsoft's Kusto language service for its opinion of queries on the AWSCloudTrail table.
//
// usage: node check.cjs FOLDER-OF-THE-PACKAGE < requests > answers, both JSON:
//   {"queries": ["..."], "literals": ["..."], "columns": ["query"]} ->
//   {"queries": [[{code, message, at}]], "literals": [value], "columns": [["name"]]}
"use strict";

const fs = require("fs");
const path = require("path");
const vm = require("vm");

const folder = path.join(process.argv[2], "@kusto", "language-service-next");
// The package is written for a browser's script tags, and so loads into the global scope only.
for (const name of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) {
  vm.runInThisContext(fs.readFileSync(path.join(folder, name), "utf8"), { filename: name });
}

const { GlobalState, KustoCode } = Kusto.Language;
const { DatabaseSymbol, FunctionSymbol, TableSymbol } = Kusto.Language.Symbols;

const strings = [
  "AdditionalEventData", "APIVersion", "AWSRegion", "AwsEventId", "AwsRequestId", "AwsRequestId_",
  "Category", "CidrIp", "CipherSuite", "ClientProvidedHostHeader", "DestinationPort",
  "EC2RoleDelivery", "ErrorCode", "ErrorMessage", "EventName", "EventSource", "EventTypeName",
  "EventVersion", "IpProtocol", "OperationName", "RecipientAccountId", "RequestParameters",
  "Resources", "ResponseElements", "ServiceEventDetails", "SessionIssuerAccountId",
  "SessionIssuerArn", "SessionIssuerPrincipalId", "SessionIssuerType", "SessionIssuerUserName",
  "SharedEventId", "SourceIpAddress", "SourcePort", "SourceSystem", "TenantId", "TlsVersion",
  "Type", "UserAgent", "UserIdentityAccessKeyId", "UserIdentityAccountId", "UserIdentityArn",
  "UserIdentityInvokedBy", "UserIdentityPrincipalid", "UserIdentityType", "UserIdentityUserName",
  "VpcEndpointId",
];
const columns = [
  "TimeGenerated: datetime", "SessionCreationDate: datetime", "ManagementEvent: bool",
  "ReadOnly: bool", "SessionMfaAuthenticated: bool", "_IsBillable: string", "_BilledSize: real",
  ...strings.map((name) => `${name}: string`),
];
const tables = ["AWSCloudTrail", "My CloudTrail"].map((name) =>
  new TableSymbol.$ctor7(name, `(${columns.join(", ")})`, null));
const watchlist = new TableSymbol.$ctor7(
  "Watchlist",
  "(_DTItemId: string, LastUpdatedTimeUTC: datetime, SearchKey: string, AwsEventId: string, " +
    "Cascade: string, Relation: string, OriginEventId: string, Name: string, Arn: string, Note: string, Expires: string)",
  null);

// Sentinel's own function: a watchlist's columns are those of its CSV file, and three more.
const getWatchlist = new FunctionSymbol.$ctor16("_GetWatchlist", "(name: string)", "{ Watchlist }", null);
// What a data collection rule makes of the lines of cascade watch: docs/exporters/sentinel.md.
const verdicts = new TableSymbol.$ctor7(
  "CascadeVerdicts_CL",
  "(TimeGenerated: datetime, event_id: string, event_time: datetime, action: string, verdict: string, " +
    "policy: string, cascade: string, account: string, actor: string, actor_arn: string, source_ip: string, final: bool)",
  null);
const database = new DatabaseSymbol.ctor("workspace", [...tables, watchlist, verdicts, getWatchlist]);
const globals = GlobalState.Default.WithDatabase(database);

function problems(query) {
  const found = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  const list = [];
  for (let at = 0; at < found.Count; at += 1) {
    const one = found.getItem(at);
    list.push({ code: one.Code, message: one.Message, at: one.Start });
  }
  return list;
}

function columnsOf(query) {
  const found = KustoCode.ParseAndAnalyze(query, globals).ResultType.Columns;
  const list = [];
  for (let at = 0; at < found.Count; at += 1) list.push(found.getItem(at).Name);
  return list;
}

function value(literal) {
  const code = KustoCode.Parse(`print ${literal}`);
  if (code.GetDiagnostics().Count) return null;
  const found = code.Syntax.GetDescendants(Kusto.Language.Syntax.LiteralExpression);
  return found.Count === 1 ? found.getItem(0).LiteralValue : null;
}

const request = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({
  queries: (request.queries || []).map(problems),
  literals: (request.literals || []).map(value),
  columns: (request.columns || []).map(columnsOf),
}));
