import io.trino.plugin.memory.MemoryPlugin;
import io.trino.server.testing.TestingTrinoServer;
import java.io.PrintStream;
import java.util.Map;

/**
 * A Trino server with one catalog, {@code memory}, whose data is gone when it ends.
 *
 * <p>It prints READY and its address when it answers and ends when its standard input does, with whoever started it.
 */
final class Server {
    public static void main(String[] arguments) throws Exception {
        PrintStream out = System.out; // the server sends System.out to its log
        try (TestingTrinoServer server =
                TestingTrinoServer.builder()
                        .setProperties(
                                Map.of(
                                        // A query of a whole cascade has more stages than most have.
                                        "query.max-stage-count", "1000",
                                        "query.max-length", "10000000",
                                        "query.max-history", "5"))
                        .build()) {
            server.installPlugin(new MemoryPlugin());
            server.createCatalog("memory", "memory", Map.of());
            out.println("READY " + server.getBaseUrl());
            out.flush();
            while (System.in.read() >= 0) {
                // Nothing is said to it; only the end counts.
            }
            // Closed in order it waits for threads that may never end; there is nothing to be kept.
            Runtime.getRuntime().halt(0);
        }
    }

    private Server() {}
}
