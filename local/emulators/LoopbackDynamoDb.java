/*
 * Runs AWS's DynamoDB Local on the loopback interface only. DynamoDB Local listens on every interface and has no option for
 * that, so its web server is built by its own factory and gets its host before it starts. It prints the port it was given by the
 * system (so that no port is guessed) and ends when its standard input closes, which is what happens when the parent dies.
 */
import java.lang.reflect.Field;
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
    Field field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    Server web = (Server) field.get(dynamodb);
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
}
