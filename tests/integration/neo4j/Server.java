import java.nio.file.Path;
import org.neo4j.dbms.api.DatabaseManagementService;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/**
 * A Neo4j Community server: {@code Server HOME}, whose settings stand in HOME/neo4j.conf.
 *
 * <p>Its data lies in HOME, so that it can be killed and started again. It prints READY when it answers and ends
 * when its standard input does, with whoever started it.
 */
final class Server {
    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(arguments[0]);
        DatabaseManagementService service =
                new DatabaseManagementServiceBuilder(home)
                        .loadPropertiesFromFile(home.resolve("neo4j.conf"))
                        .build();
        // After a kill it is put in order first.
        if (!service.database("neo4j").isAvailable(60_000)) {
            throw new IllegalStateException("the database is not there after a minute");
        }
        System.out.println("READY");
        System.out.flush();
        while (System.in.read() >= 0) {
            // Nothing is said to it; only the end counts.
        }
        service.shutdown();
    }

    private Server() {}
}
