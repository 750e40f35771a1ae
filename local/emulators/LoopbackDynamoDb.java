/*
 * Runs AWS's DynamoDB Local on the loopback interface only. DynamoDB Local listens on every interface and has no option for
 * that, so its web server is built by its own factory and gets its host before it starts. It prints the port it was given by the
 * system (so that no port is guessed) and ends when its standard input closes, which is what happens when the parent dies.
 *
 * Its SQLite file is written without waiting for the disk: every write then costs a fifth. What was written survives the death
 * of the process, as the operating system holds it; only a crash of the machine could lose it.
 */
import com.almworks.sqlite4java.SQLiteConnection;
import com.almworks.sqlite4java.SQLiteJob;
import com.almworks.sqlite4java.SQLiteQueue;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.CommandLineInput;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

public class LoopbackDynamoDb {
  public static void main(String[] options) throws Exception {
    CommandLineInput commandLine = new CommandLineInput(options);
    if (!commandLine.init()) {
      throw new IllegalArgumentException("DynamoDB Local does not accept " + String.join(" ", options));
    }
    DynamoDBProxyServer dynamodb = ServerRunner.createServer(commandLine);
    writeWithoutWaitingForTheDisk(dynamodb);
    Server web = (Server) read(dynamodb, "server");
    for (Connector connector : web.getConnectors()) {
      ((ServerConnector) connector).setHost("127.0.0.1");
      ((ServerConnector) connector).setPort(0);
    }
    dynamodb.safeStart();
    System.out.println("listening on 127.0.0.1:" + ((ServerConnector) web.getConnectors()[0]).getLocalPort());
    while (System.in.read() >= 0) {
      // Nothing is sent on standard input: only its end means something.
    }
    dynamodb.stop();
    System.exit(0);
  }

  private static void writeWithoutWaitingForTheDisk(DynamoDBProxyServer dynamodb) throws Exception {
    Object requests = read(read(dynamodb, "serverHandler"), "primaryHandler");
    Method open = requests.getClass().getDeclaredMethod("getHandler", String.class);
    open.setAccessible(true);
    SQLiteQueue queue = (SQLiteQueue) read(read(open.invoke(requests, "shared"), "dbAccess"), "queue");
    queue.execute(new SQLiteJob<Object>() {
      @Override
      protected Object job(SQLiteConnection connection) throws Exception {
        connection.exec("PRAGMA synchronous = OFF");
        return null;
      }
    }).get();
  }

  /** A field that DynamoDB Local has no accessor for, of the object's class or one above it. */
  private static Object read(Object owner, String name) throws Exception {
    for (Class<?> type = owner.getClass(); type != null; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (field.getName().equals(name)) {
          field.setAccessible(true);
          return field.get(owner);
        }
      }
    }
    throw new NoSuchFieldException(owner.getClass().getName() + "." + name);
  }
}
